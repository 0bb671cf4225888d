import type { Server } from './server.ts'

export type LogLine = Readonly<Record<string, unknown>>

/** The whole lines of a server's log, so far. */
export const logLines = (server: Pick<Server, 'log'>): readonly LogLine[] =>
  server
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)

/** Those that say a thing. */
export const logged = (server: Pick<Server, 'log'>, message: string): readonly LogLine[] =>
  logLines(server).filter((record) => record.message === message)
