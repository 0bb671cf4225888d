import type { Server } from './server.ts'

export type LogLine = Readonly<Record<string, unknown>>

/** Lines of a server's log that say a thing, so far. */
export const logged = (server: Pick<Server, 'log'>, message: string): readonly LogLine[] =>
  server
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter((record) => record.message === message)

/** Looks again and again: what other processes do is heard of by looking. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}
