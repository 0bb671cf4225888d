import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Commands of processes that still run and mention `mark`. */
const running = (mark: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((command) => command.includes(mark))

/** Whether every process that mentions `mark` ends within two seconds. */
export async function vanished(mark: string): Promise<boolean> {
  for (let tries = 0; tries < 100 && running(mark).length > 0; tries++) await wait(20)
  return running(mark).length === 0
}
