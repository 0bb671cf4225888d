import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetch } from './fetch.ts'
import { ROOT } from './server.ts'

/** A page of the project, by its path. */
export const page = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Commands in order, continuation lines joined. */
export const commands = (markdown: string): string[] =>
  [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block!
      .replace(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  )

/**
 * A printed command with the project's programs run by path: two `npx` at the same time can find the links that npm
 * keeps for the package half made.
 */
export const withoutNpx = (command: string): string => command.replace(/^npx (neam[\w-]*)/, 'node bin/$1.js')

/** Sends what a printed `curl` line sends, to another server. */
export async function curl(
  url: string,
  command: string,
): Promise<{ readonly status: number; readonly answer: Record<string, unknown> }> {
  const path = /http:\/\/127\.0\.0\.1:8080(\S*)/.exec(command)![1]!
  const body = / -d '([^']*)'/.exec(command)?.[1]
  const header = / -H '([^:]*): ([^']*)'/.exec(command)
  const response = await fetch(url + path, {
    method: /-X (\w+)/.exec(command)?.[1] ?? 'GET',
    ...(header ? { headers: { [header[1]!]: header[2]! } } : {}),
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}
