import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { encode } from '../../bytecode/codec.ts'
import { loadServed, type ProgramPlace } from '../../cli/served-program.ts'
import { watchProgram } from '../../cli/watch-program.ts'
import { moduleOf } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let watcher: { close(): void } | null = null
const stderr = jest.spyOn(process.stderr, 'write').mockImplementation(() => true)
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => {
  watcher?.close()
  stderr.mockClear()
})

const agent = (name: string) => `agent ${name} { provider: "offline" model: "gpt-4o" }\n`
const write = (file: string, text: string) => writeFileSync(join(directory, file), text)
const writeBytecode = (file: string, text: string) =>
  writeFileSync(join(directory, file), encode(moduleOf(text)))

/** Watches a program; `next` gives the names of the agents of the next one, or the problem, whichever comes first. */
function watched(place: ProgramPlace): { next(): Promise<string> } {
  const come: string[] = []
  let waiting: ((what: string) => void) | null = null
  const tell = (what: string) => {
    if (waiting === null) come.push(what)
    else waiting(what)
    waiting = null
  }
  const served = loadServed(place)
  if ('problem' in served) throw new Error(served.problem)
  watcher = watchProgram({
    load: () => loadServed(place),
    served,
    onModule: ({ manifest }) => tell(manifest.agents.map(({ name }) => name).join(' ')),
    onProblem: tell,
  })
  return {
    next: async () =>
      come.shift() ??
      (await new Promise<string>((resolve) => {
        waiting = resolve
      })),
  }
}

describe('a program is loaded again', () => {
  test('when its file is written', async () => {
    write('a.neam', agent('one'))
    const { next } = watched({ program: join(directory, 'a.neam') })
    write('a.neam', agent('two'))
    expect(await next()).toBe('two')
    write('a.neam', agent('three'))
    expect(await next()).toBe('three')
  })

  test('when another file is put in the place of its own, as editors do', async () => {
    write('a.neam', agent('one'))
    const { next } = watched({ program: join(directory, 'a.neam') })
    for (const name of ['two', 'three']) {
      write('a.neam.tmp', agent(name))
      renameSync(join(directory, 'a.neam.tmp'), join(directory, 'a.neam'))
      expect(await next()).toBe(name)
    }
  })

  test('when something changes that it imports, in another directory, too', async () => {
    mkdirSync(join(directory, 'lib'))
    write('lib/tools.neam', agent('one'))
    write('a.neam', `import "./lib/tools.neam";\n${agent('main')}`)
    const { next } = watched({ program: join(directory, 'a.neam') })
    write('lib/tools.neam', agent('two'))
    expect((await next()).split(' ').toSorted()).toEqual(['main', 'two'])
  })

  test('when an import that was not there appears', async () => {
    write('a.neam', agent('main'))
    const { next } = watched({ program: join(directory, 'a.neam') })
    write('a.neam', `import "./lib/tools.neam";\n${agent('main')}`)
    expect(await next()).toContain('does not compile')
    mkdirSync(join(directory, 'lib'))
    write('lib/tools.neam', agent('two'))
    expect((await next()).split(' ').toSorted()).toEqual(['main', 'two'])
  })

  test('when the link beside it that it goes through is turned, as mounted ConfigMaps do', async () => {
    for (const name of ['v1', 'v2']) {
      mkdirSync(join(directory, name))
      write(`${name}/a.neam`, agent(name))
    }
    symlinkSync('v1', join(directory, '..data'))
    symlinkSync('..data/a.neam', join(directory, 'a.neam'))
    const { next } = watched({ program: join(directory, 'a.neam') })
    symlinkSync('v2', join(directory, '..next'))
    renameSync(join(directory, '..next'), join(directory, '..data'))
    expect(await next()).toBe('v2')
  })

  test('when its directory is removed and made anew', async () => {
    mkdirSync(join(directory, 'p'))
    write('p/a.neam', agent('one'))
    const { next } = watched({ program: join(directory, 'p/a.neam') })
    rmSync(join(directory, 'p'), { recursive: true })
    expect(await next()).toContain('there is no such file')
    mkdirSync(join(directory, 'p'))
    write('p/a.neam', agent('two'))
    expect(await next()).toBe('two')
  })

  test('when its bytecode is written, or another file is put into the directory of it', async () => {
    writeBytecode('a.neamb', agent('one'))
    const { next } = watched({ bytecode: directory })
    writeBytecode('a.neamb', agent('two'))
    expect(await next()).toBe('two')
    writeBytecode('b.neamb', agent('three'))
    expect(await next()).toContain('holds 2 programs (a.neamb, b.neamb)')
    unlinkSync(join(directory, 'a.neamb'))
    expect(await next()).toBe('three')
  })
})

describe('a program that cannot be loaded', () => {
  test('is told of once, with its diagnostics, and so is the mended one', async () => {
    write('a.neam', agent('one'))
    const path = join(directory, 'a.neam')
    const { next } = watched({ program: path })
    write('a.neam', 'agent {')
    expect(await next()).toBe(`${path} does not compile`)
    expect(stderr.mock.calls.join('')).toContain('a.neam:1:7')
    write('a.neam', agent('one'))
    expect(await next()).toBe('one')
  })

  test('is damaged bytecode', async () => {
    writeBytecode('a.neamb', agent('one'))
    const { next } = watched({ program: join(directory, 'a.neamb') })
    write('a.neamb', 'NEAM?')
    expect(await next()).toContain('a.neamb')
    writeBytecode('a.neamb', agent('two'))
    expect(await next()).toBe('two')
  })
})

test('a program that is the same as before is not loaded again, nor is it for files beside it', async () => {
  write('a.neam', agent('one'))
  const path = join(directory, 'a.neam')
  const { next } = watched({ program: path })
  write('audit.jsonl', 'x')
  utimesSync(path, 1, 1)
  // The next thing that is told is the next change.
  write('a.neam', `${agent('one')}// a comment\n`)
  write('a.neam', agent('two'))
  expect(await next()).toBe('two')
})

test('a change between the reading of the program and the beginning of the watch is seen', async () => {
  write('a.neam', agent('one'))
  const path = join(directory, 'a.neam')
  const served = loadServed({ program: path })
  if ('problem' in served) throw new Error(served.problem)
  write('a.neam', agent('two'))
  const module = await new Promise<Parameters<Parameters<typeof watchProgram>[0]['onModule']>[0]>(
    (resolve) => {
      watcher = watchProgram({
        load: () => loadServed({ program: path }),
        served,
        onModule: resolve,
        onProblem: (problem) => {
          throw new Error(problem)
        },
      })
    },
  )
  expect(module.manifest.agents.map(({ name }) => name)).toEqual(['two'])
})
