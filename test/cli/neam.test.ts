import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const cwd = temporaryDirectory()
const program = (name: string, text: string): string => {
  writeFileSync(join(cwd, name), text)
  return name
}

test('runs a source file and a compiled one alike', async () => {
  const file = program('greet.neam', 'let name = input("Who? "); emit "Hello, " + name;')
  const compiled = await runBin('neamc', [file, '-o', 'greet.neamb'], { cwd })
  expect(compiled.code).toBe(0)
  for (const one of [file, 'greet.neamb']) {
    const { code, stdout } = await runBin('neam', [one], { cwd, input: 'Ada\n' })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Who? Hello, Ada\n' })
  }
})

test('a program that hoards is stopped before it takes the process with it', async () => {
  const file = program(
    'hoard.neam',
    'let all = []; let i = 0; while (true) { i = i + 1; push(all, [i, "a", [i]]); }',
  )
  const { code, stderr } = await runBin('neam', [file], {
    cwd,
    env: { NODE_OPTIONS: '--max-old-space-size=100' },
  })
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('error: stopped: the process is running out of memory'),
  ])
}, 60_000)

test('a program that lets go of what it makes is not stopped, however much that is', async () => {
  const file = program(
    'garbage.neam',
    `let kept = [];
    for (i in range(0, 100000)) { push(kept, nil); }
    for (i in range(0, 2000000)) { kept[i % 100000] = [i, "a", [i]]; }
    emit len(kept);`,
  )
  const env = { NODE_OPTIONS: '--max-old-space-size=60' }
  expect(await runBin('neam', [file], { cwd, env })).toMatchObject({ code: 0, stdout: '100000\n' })
}, 60_000)

test('an uncaught error says what, where and how the program got there', async () => {
  const file = program(
    'fail.neam',
    [
      'fun inner(xs) {',
      '  return xs[3];',
      '}',
      'fun outer() {',
      '  return inner([1]);',
      '}',
      'emit "before";',
      'outer();',
    ].join('\n'),
  )
  const { code, stdout, stderr } = await runBin('neam', [file], { cwd })
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'before\n' })
  expect(stderr).toMatch(
    /^error: list index 3 is out of range: the list has 1 element\n {2}--> fail\.neam:2:\d+\n {2}in inner\n {2}called from outer \(fail\.neam:5:\d+\)\n/,
  )
})

test('an endless recursion is traced in a few lines', async () => {
  const file = program('endless.neam', 'fun f(n) { return f(n + 1); }\nemit f(0);\n')
  const { stderr } = await runBin('neam', [file], { cwd })
  expect(stderr).toMatch(
    /^error: stack overflow: .*\n {2}--> endless\.neam:1:\d+\n {2}in f\n {2}called from f \(endless\.neam:1:\d+\), \d+ times\n$/,
  )
})

test('a thrown value is the message', async () => {
  const { code, stderr } = await runBin('neam', [program('throw.neam', 'throw "no more";')], { cwd })
  expect(code).toBe(1)
  expect(stderr).toContain('error: no more\n  --> throw.neam:1:1')
})

test('a claw agent remembers within and across runs', async () => {
  const file = program(
    'tutor.neam',
    `channel cli_ch { type: "cli" }
     claw agent Tutor { provider: "ollama" model: "llama3.2:3b" channels: [cli_ch] }
     Tutor.ask("My name is Ada");
     emit len(Tutor.history());`,
  )
  const env = { NEAM_AUDIT_SINK: 'stderr' }
  expect((await runBin('neam', [file, '--offline'], { cwd, env })).stdout).toBe('2\n')
  expect((await runBin('neam', [file, '--offline'], { cwd, env })).stdout).toBe('4\n')
})

test.each([
  ['in the current directory', {}, '.'],
  ['in NEAM_WORKSPACE_DIR', { NEAM_WORKSPACE_DIR: 'elsewhere' }, 'elsewhere'],
])('outside an agent, files and commands of a program are %s', async (_where, env, folder) => {
  const place = temporaryDirectory()
  mkdirSync(join(place, 'elsewhere'))
  writeFileSync(
    join(place, 'files.neam'),
    'workspace_write("made.txt", "by neam"); emit exec("cat made.txt").stdout;',
  )
  const { stdout, stderr } = await runBin('neam', ['files.neam'], { cwd: place, env })
  expect([stdout, stderr]).toEqual(['by neam\n', ''])
  expect(readFileSync(join(place, folder, 'made.txt'), 'utf8')).toBe('by neam')
})

test('a program without agents leaves nothing behind', async () => {
  const empty = temporaryDirectory()
  writeFileSync(join(empty, 'hello.neam'), 'emit "hello";')
  expect((await runBin('neam', ['hello.neam'], { cwd: empty })).stdout).toBe('hello\n')
  expect(readdirSync(empty)).toEqual(['hello.neam'])
})

test.each([
  ['an endless loop', 'emit "started"; while (true) {}'],
  ['a command', 'emit "started"; exec("sleep 30");'],
])('Ctrl-C ends %s', async (_what, source) => {
  const { code, stdout } = await runBin('neam', [program('long.neam', source)], {
    cwd,
    onStdout: (_text, child) => child.kill('SIGINT'),
  })
  expect(stdout).toBe('started\n')
  expect(code).not.toBe(0)
})

test.each([
  ['no file', [], 2, 'no file is given'],
  ['a missing file', ['nowhere.neam'], 1, 'cannot read nowhere.neam: there is no such file'],
  ['a damaged file', ['broken.neamb'], 1, 'this is not Neam bytecode'],
  ['two files', ['greet.neam', 'fail.neam'], 2, 'unexpected argument fail.neam'],
])('%s is said in one line', async (_what, args, expected, message) => {
  program('broken.neamb', 'not bytecode')
  const { code, stderr } = await runBin('neam', args, { cwd })
  expect(stderr).toContain(message)
  expect(code).toBe(expected)
})

test('the example runs', async () => {
  expect((await runBin('neam', [join(ROOT, 'examples/hello.neam')], { cwd })).stdout).toBe(
    'Hello, Ada!\nHello, Grace!\n',
  )
})
