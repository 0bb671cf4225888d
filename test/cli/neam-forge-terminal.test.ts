// neam-forge as a person sees it: on a pseudo-terminal of script(1).
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const CTRL_C = '\x03'

let cwd: string
beforeEach(() => {
  cwd = temporaryDirectory()
  mkdirSync(join(cwd, 'work'))
})

interface Terminal {
  /** Of its process. */
  readonly code: number | null
  /** What it showed; the code that clears the line as `<`. */
  readonly shown: string
}

/** Runs `builder.neam` in a terminal, and types each text, or calls each function, when it has shown what comes before. */
function inTerminal(
  steps: readonly (readonly [awaited: RegExp, then: string | ((found: RegExpExecArray) => unknown)])[],
  { columns = 80, env = {} }: { readonly columns?: number; readonly env?: Record<string, string> } = {},
): Promise<Terminal> {
  const command = `stty cols ${columns}; exec ${process.execPath} ${ROOT}bin/neam-forge.js --agent builder.neam --offline`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', SHELL: '/bin/sh', TERM: 'xterm', ...env },
  })
  const left = [...steps]
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    const [awaited, then] = left[0] ?? []
    const found = awaited?.exec(shown) ?? null
    if (found === null) return
    left.shift()
    if (typeof then === 'string') child.stdin.write(then)
    else then?.(found)
  })
  return new Promise((resolve) => {
    child.on('close', (code) =>
      resolve({ code, shown: shown.replaceAll('\r\u001b[K', '<').replaceAll('\r\n', '\n') }),
    )
  })
}

describe('a run whose tool call waits for a person', () => {
  beforeEach(() => {
    writeFileSync(join(cwd, 'work/plan.txt'), 'Write a.txt\n')
    writeFileSync(
      join(cwd, 'builder.neam'),
      `
skill write_file {
  description: "Writes a file"
  params: { path: string, content: string }
  sensitive: true
  impl(path, content) { workspace_write(path, content); return "written"; }
}
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  skills: [write_file]
  verify: fn(ctx) { return workspace_read("a.txt") != nil; }
  checkpoint: "none"
  workspace: "work"
  loop: { plan_file: "plan.txt", max_iterations: 2 }
}
`,
    )
  })
  const WAITS = /neam-cli confirmations (approve [0-9a-f]{32}) FILE[^<]*\n.*waits for a person/s

  test('says so on the live line, and the command that it names goes on with it', async () => {
    const { code, shown } = await inTerminal([
      [
        WAITS,
        ([, command = '']) =>
          runBin('neam-cli', ['confirmations', ...command.split(' '), 'builder.neam'], { cwd }),
      ],
    ])
    expect(shown).toContain('<[neam-forge] iteration 1 waits for a person 0 s')
    expect(shown).toContain('<[neam-forge] Iteration 1 (Write a.txt): done: ')
    expect(shown).toMatch(/<\{outcome: "completed", iterations: 1, .*\}\n$/)
    expect(code).toBe(0)
  }, 30_000)

  test('ends at Ctrl-C, and then nothing waits', async () => {
    const { code, shown } = await inTerminal([[WAITS, CTRL_C]])
    expect(shown).toContain(
      '[neam-forge] stopping after this iteration; press Ctrl-C again to stop at once\n',
    )
    expect(shown).toMatch(/<\{outcome: "aborted", iterations: 0, .*message: "stopped on request"\}\n$/)
    expect(code).toBe(1)
    const { stdout } = await runBin('neam-cli', ['confirmations', 'builder.neam'], { cwd })
    expect(stdout).toBe('Nothing waits for a person.\n')
  }, 30_000)
})

describe('a run whose iteration takes long', () => {
  beforeEach(() => {
    writeFileSync(
      join(cwd, 'builder.neam'),
      `
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  verify: fn(ctx) { print("checking"); exec("sleep 300"); return true; }
  checkpoint: "none"
  workspace: "work"
}
`,
    )
  })
  const STOPPING = /stopping after this iteration/

  test('is stopped at once by a second Ctrl-C', async () => {
    const { code, shown } = await inTerminal([
      [/checking/, CTRL_C],
      [STOPPING, CTRL_C],
    ])
    expect(shown).toMatch(/stopping after this iteration.*stopping now\n/s)
    expect(shown).toMatch(/<\{outcome: "aborted", .*message: "stopped on request"\}\n$/)
    expect(code).toBe(1)
  }, 30_000)

  test('keeps its live line within a narrow terminal', async () => {
    const { shown } = await inTerminal(
      [
        [/checking/, CTRL_C],
        [STOPPING, CTRL_C],
      ],
      { columns: 16 },
    )
    expect(shown).toContain('<[neam-forg… 0 s<')
  }, 30_000)

  test('writes plain lines to a terminal that knows no codes', async () => {
    const { shown } = await inTerminal(
      [
        [/checking/, CTRL_C],
        [STOPPING, CTRL_C],
      ],
      { env: { TERM: 'dumb', NO_COLOR: '1' } },
    )
    expect(shown).toContain('[neam-forge] stopping now\n')
    expect(shown).not.toContain('\u001b')
    expect(shown).not.toContain('<')
  }, 30_000)
})
