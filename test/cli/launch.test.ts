import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import packageJson from '../../package.json' with { type: 'json' }
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Makes a Node believe that it is an old one. */
const pretend = (version: string): string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
]

const run = (root: string, before: readonly string[], ...args: string[]) =>
  spawnSync(process.execPath, [...before, join(root, 'bin', 'probe.js'), ...args], { encoding: 'utf8' })

/** A package of one program that prints its arguments and ends with 7. */
function packageWith(place: 'cli/probe.ts' | 'dist/cli/probe.js', root: string): string {
  cpSync(join(ROOT, 'bin', 'launch.js'), join(root, 'bin', 'launch.js'))
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(root, 'bin', 'probe.js'),
    "import { launch } from './launch.js'\nawait launch('probe')\n",
  )
  mkdirSync(join(root, place, '..'), { recursive: true })
  writeFileSync(
    join(root, place),
    `export const main = (argv) => { console.log('${place}', process.versions.node, ...argv); return 7 }\n`,
  )
  return root
}

describe('the launcher', () => {
  test('runs the source in a checkout, with its arguments and its exit code', () => {
    const root = packageWith('cli/probe.ts', temporaryDirectory())
    const { stdout, status } = run(root, [], 'a b', '--flag')
    expect(stdout).toBe(`cli/probe.ts ${process.versions.node} a b --flag\n`)
    expect(status).toBe(7)
  })

  test('runs the bundle in an installed package, where Node strips no types', () => {
    const root = join(temporaryDirectory(), 'node_modules', 'neamclaw-lambda')
    packageWith('cli/probe.ts', root)
    packageWith('dist/cli/probe.js', root)
    expect(run(root, [])).toMatchObject({
      status: 7,
      stdout: expect.stringMatching(/^dist\/cli\/probe\.js /),
    })
  })

  test('an older Node hands over to the package "node"', () => {
    const root = packageWith('cli/probe.ts', temporaryDirectory())
    const node = join(root, 'node_modules', 'node')
    mkdirSync(join(node, 'bin'), { recursive: true })
    writeFileSync(join(node, 'package.json'), '{ "version": "24.1.0" }')
    writeFileSync(join(node, 'bin', 'node'), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 })
    const { stdout, status } = run(root, pretend('20.11.0'), 'x')
    expect(stdout).toBe(`cli/probe.ts ${process.versions.node} x\n`)
    expect(status).toBe(7)
  })

  test.each(['no such package', 'a package as old as itself'])(
    'an older Node with %s says what it needs',
    (which) => {
      const root = packageWith('cli/probe.ts', temporaryDirectory())
      const node = join(root, 'node_modules', 'node')
      mkdirSync(join(node, 'bin'), { recursive: true })
      if (which !== 'no such package') writeFileSync(join(node, 'package.json'), '{ "version": "20.11.0" }')
      writeFileSync(join(node, 'bin', 'node'), '')
      const { stderr, status } = run(root, pretend('20.11.0'))
      expect(stderr).toMatch(/^probe needs Node 24 or newer; this is Node 20\.11\.0/)
      expect(status).toBe(1)
    },
  )

  test.each(Object.entries(packageJson.bin))(
    '%s is an executable that starts the program of its name',
    (name, file) => {
      const { stdout, status } = spawnSync(join(ROOT, file), ['--help'], {
        encoding: 'utf8',
        env: { PATH: `${join(process.execPath, '..')}:${process.env.PATH}` },
      })
      expect(stdout).toContain(`Usage: ${name}`)
      expect(status).toBe(0)
    },
  )
})
