// CPU and context switches of a server's process and of those that it started, from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs'

export interface Used {
  /** Microseconds, to the kernel's tick of 10 ms. */
  readonly cpu: number
  readonly switches: number
}

const MICROSECONDS_PER_TICK = 10_000

/** Fields of /proc/PID/stat behind the name, which may hold spaces: state, parent, ... */
const statOf = (pid: string): readonly string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** What a process and its children have used since they began; null where there is no /proc. */
export function usedBy(pid: number): Used | null {
  if (process.platform !== 'linux') return null
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const family = all.filter((name) => name === String(pid) || parentOf(name) === String(pid))
  const used = family.map(usedByOne)
  return {
    cpu: used.reduce((sum, { cpu }) => sum + cpu, 0),
    switches: used.reduce((sum, { switches }) => sum + switches, 0),
  }
}

function parentOf(pid: string): string | null {
  try {
    return statOf(pid)[1] ?? null
  } catch {
    return null // It has ended meanwhile.
  }
}

function usedByOne(pid: string): Used {
  const [, , , , , , , , , , , user, system] = statOf(pid)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const switches = [...status.matchAll(/ctxt_switches:\s+(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0)
  return { cpu: (Number(user) + Number(system)) * MICROSECONDS_PER_TICK, switches }
}
