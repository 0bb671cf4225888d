import { cpSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { page } from '../support/docs.ts'
import { filesBelow } from '../support/files-below.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const FOLDER = join(ROOT, 'examples')
const PROGRAMS = filesBelow(FOLDER)
  .filter((path) => path.endsWith('.neam'))
  .map((path) => relative(FOLDER, path))
  .toSorted()

/** The book's own, byte for byte; the index says how it is run. */
const OF_THE_BOOK = 'agents.neam'

const INDEX = page('examples/README.md')

/** How a program is run, by the first lines of its file. */
const commandOf = (path: string): string | null =>
  /^(?:\/\/ .*\n)*?\/\/ Run it: (.*)$/m.exec(readFileSync(join(FOLDER, path), 'utf8'))?.[1] ?? null

describe('examples/README.md', () => {
  test('has a row for every program and every script', () => {
    const linked = [...INDEX.matchAll(/^\| \[[^\]]*\]\(([^)]*)\) \|/gm)].map(([, path]) => path!)
    const scripts = ['api/explore.sh', 'api/keys.sh', 'api/watch-forge.sh']
    const expected = PROGRAMS.map((path) => (path.startsWith('word-count/') ? 'word-count' : path))
    expect(linked.toSorted()).toEqual([...expected, ...scripts].toSorted())
  })
})

describe('every example says how it is run, and runs so', () => {
  const cwd = temporaryDirectory()
  beforeAll(() => {
    cpSync(FOLDER, join(cwd, 'examples'), { recursive: true })
  })
  const env = { NEAM_WORKSPACE_DIR: cwd }

  test.each(PROGRAMS.filter((path) => path !== OF_THE_BOOK))(
    '%s',
    async (path) => {
      const command = commandOf(path)
      expect(command).toMatch(new RegExp(`^(?:cp -r \\S+ \\S+ && )?npx neam.* examples/${path}( |$)`))
      if (path !== 'hello.neam') expect(command).toContain(' --offline')
      const [program, ...args] = command!
        .replace(/^cp .* && /, '')
        .replace('/tmp/word-count', 'examples/word-count/workspace')
        .split(' ')
        .slice(1)
      if (program === 'neam-api') {
        const server = await startServer('bin/neam-api.js', args, env, cwd)
        expect(await server.stop()).toBe(0)
        return
      }
      const { code, stderr } = await runBin(program!, args, { cwd, env, input: 'Hello\n' })
      expect([code, stderr.replaceAll(/^\[neam-forge\].*\n|^warning: .*\n/gm, '')]).toEqual([0, ''])
    },
    30_000,
  )

  test(`${OF_THE_BOOK} is served as the index says`, async () => {
    const [, args] = /npx neam-api (--program examples\/agents\.neam --offline)`/.exec(INDEX)!
    const server = await startServer('bin/neam-api.js', args!.split(' '), env, cwd)
    expect(server.log()).toContain('support_bot')
    expect(await server.stop()).toBe(0)
  })
})

test('the pipeline hands each agent the results of those before it', async () => {
  const { stdout } = await runBin('neam', ['--offline', 'pipeline.neam'], { cwd: FOLDER })
  expect(stdout).toContain('Write the report')
  expect(stdout).toContain('Best practices of Python')
  expect(stdout).toContain('def mean(xs)')
})
