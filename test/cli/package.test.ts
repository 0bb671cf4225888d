import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Metafile } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { bundleCli, initialInputs, initialOutputs } from '../../scripts/bundle.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

describe('the packed tarball, installed in an empty folder', () => {
  const home = temporaryDirectory()
  const installed = join(home, 'node_modules', packageJson.name)

  beforeAll(() => {
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', home], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }]
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(home, filename), '-C', installed, '--strip-components=1'])
    // Its dependencies as npm would put them beside it, without asking a registry.
    for (const name of Object.keys(packageJson.dependencies)) {
      const scope = name.split('/').length > 1 ? name.split('/')[0]! : ''
      mkdirSync(join(home, 'node_modules', scope), { recursive: true })
      symlinkSync(join(ROOT, 'node_modules', name), join(home, 'node_modules', name))
    }
  }, 60_000)

  const run = (bin: string, ...args: string[]): string =>
    execFileSync(
      process.execPath,
      [join(installed, packageJson.bin[bin as keyof typeof packageJson.bin]), ...args],
      {
        cwd: home,
        encoding: 'utf8',
      },
    )

  test.each(Object.keys(packageJson.bin))('%s prints its help', (bin) => {
    expect(run(bin, '--help')).toContain(`Usage: ${bin}`)
  })

  test('neamc explains an error from the pages in the package', () => {
    expect(run('neamc', 'explain', 'E4001')).toContain('E4001')
  })

  test('neam runs a program', () => {
    expect(run('neam', join(installed, 'examples/hello.neam'))).toBe('Hello, Ada!\nHello, Grace!\n')
  })

  test('holds no sources, tests or secrets', () => {
    const files = execFileSync('find', [installed, '-type', 'f'], { encoding: 'utf8' }).split('\n')
    expect(files.filter((file) => /\.ts$|\/test\/|\.env$/.test(file))).toEqual([])
  })
})

describe('the bundles of the programs', () => {
  let bundles: Metafile
  beforeAll(async () => {
    bundles = await bundleCli(temporaryDirectory(), Object.keys(packageJson.bin))
  }, 60_000)

  test.each(['neam', 'neam-cli', 'neam-forge'])(
    '%s loads the parser when there is source to compile',
    (name) => {
      expect(initialInputs(bundles, `/${name}.js`).filter((file) => /^compiler\//.test(file))).toEqual([
        'compiler/diagnostics/closest.ts',
      ])
    },
  )

  test('neam starts from few files', () => {
    expect(initialOutputs(bundles, '/neam.js').length).toBeLessThanOrEqual(16)
  })
})
