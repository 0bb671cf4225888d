import { spawn } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { type Run, runBin } from '../support/program.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let cwd: string
beforeEach(() => {
  cwd = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/refunds.neam'), join(cwd, 'refunds.neam'))
})

const confirmations = (...args: string[]): Promise<Run> =>
  runBin('neam-cli', ['confirmations', ...args, '--user', 'ann'], { cwd })

/** A message of a user whom nobody can ask back: its turn waits. */
const waits = async (message = 'Please refund order ORD-17'): Promise<string> => {
  const chat = ['refunds.neam', '--offline', '--user', 'bob']
  const { code, stderr } = await runBin('neam-cli', chat, { cwd, input: `${message}\n` })
  expect(code).toBe(0)
  return /trace id ([0-9a-f]{32})/.exec(stderr)![1]!
}

describe('neam-cli confirmations', () => {
  test('lists what waits: the call, for whom, why and until when', async () => {
    expect((await confirmations('refunds.neam')).stdout).toBe('Nothing waits for a person.\n')
    const id = await waits()
    const { code, stdout } = await confirmations('list', 'refunds.neam')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        `^${id}  refund {"order":"ORD-17"}\n    Shop, session cli_bob: the sensitive skill refund requires approval; until 20.+Z\n$`,
      ),
    })
    expect(JSON.parse((await confirmations('refunds.neam', '--json')).stdout)).toEqual({
      pending: [
        {
          trace_id: id,
          agent: 'Shop',
          tool: 'refund',
          args: { order: 'ORD-17' },
          reason: 'the sensitive skill refund requires approval',
          expires_at: expect.stringMatching(/Z$/),
          session_key: 'cli_bob',
        },
      ],
    })
  })

  test.each([
    ['approve', '(approved)\n[offline model] refund: Order ORD-17: refunded\n'],
    [
      'deny',
      '(denied)\n[offline model] refund: Denied: a person refused this call of refund. Tell the user so, and do not make it again.\n',
    ],
  ])('%s goes on with the turn and prints its answer', async (action, stdout) => {
    const id = await waits()
    expect(await confirmations(action, id, 'refunds.neam', '--offline')).toEqual({
      code: 0,
      stdout,
      stderr: '',
    })
    expect((await confirmations('refunds.neam')).stdout).toBe('Nothing waits for a person.\n')
  })

  test('a second decision is refused and names the first', async () => {
    const id = await waits()
    await confirmations('approve', id, 'refunds.neam', '--offline')
    const { code, stderr } = await confirmations('deny', id, 'refunds.neam', '--offline')
    expect(code).toBe(1)
    expect(stderr).toContain(`neam-cli: confirmation ${id} was decided before: approve by user ann at 20`)
  })

  test('nothing is decided where the turn could not go on', async () => {
    const id = await waits()
    const { code, stderr } = await confirmations('approve', id, 'refunds.neam')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'neam-cli: no API key for provider openai: set OPENAI_API_KEY, or use --offline\n',
    })
    expect((await confirmations('refunds.neam')).stdout).toContain(id)
  })

  test('decides for a forge run that waits in another process', async () => {
    const program = `
skill write_file {
  description: "Writes a file"
  params: { path: string, content: string }
  sensitive: true
  impl(path, content) { workspace_write(path, content); return f"wrote {path}"; }
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
`
    writeFileSync(join(cwd, 'builder.neam'), program)
    writeFileSync(join(cwd, 'plan.txt'), 'Write a.txt\n')
    let decision: Promise<Run> | null = null
    const run = await runBin('neam-forge', ['--agent', 'builder.neam', '--offline', '--workspace', '.'], {
      cwd,
      onStderr: (text) => {
        const id = /approve ([0-9a-f]{32})/.exec(text)?.[1]
        if (id !== undefined) decision ??= confirmations('approve', id, 'builder.neam')
      },
    })
    expect(run.stderr).toMatch(
      /^warning: forge agent Builder waits until 20\S+Z, because the sensitive skill write_file requires approval; decide with neam-cli confirmations approve [0-9a-f]{32} FILE \(or deny\): write_file {"path":"a\.txt"/,
    )
    expect(run.stdout).toContain('outcome: "completed", iterations: 1')
    expect(await decision).toEqual({
      code: 0,
      stdout: '(approved)\nThe run goes on where it runs.\n',
      stderr: '',
    })
  }, 20_000)

  test.each([
    [['approve'], 'approve needs the trace id'],
    [['list', 'a', 'b'], 'unexpected argument b; see neam-cli confirmations --help'],
    [['deny', 'id', 'a', 'b'], 'unexpected argument b; see neam-cli confirmations --help'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stderr } = await confirmations(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(`neam-cli: ${message}`)
  })

  test('an id that nobody gave is said to be none', async () => {
    const { code, stderr } = await confirmations('approve', 'nonsense', 'refunds.neam')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'neam-cli: no confirmation has the trace id "nonsense"\n',
    })
  })
})

describe('neam-cli confirmations without a program, on a server', () => {
  const KEY = 'the-api-key-of-this-test'
  const ADMIN = 'the-admin-key-of-this-test'
  let server: Server
  beforeEach(async () => {
    const env = { NEAM_API_KEY: KEY, NEAM_ADMIN_KEY: ADMIN }
    server = await startServer('bin/neam-api.js', ['--program', 'refunds.neam', '--offline'], env, cwd)
  })
  afterEach(async () => {
    await server.stop()
  })

  const remote = (
    args: readonly string[],
    env: Readonly<Record<string, string>> = { NEAM_ADMIN_KEY: ADMIN },
  ) => runBin('neam-cli', ['confirmations', ...args], { cwd, env: { NEAM_URL: server.url, ...env } })

  const message = async (): Promise<string> => {
    const response = await fetch(`${server.url}/api/v1/claw/Shop/sessions/bob/message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ message: 'Please refund order ORD-17' }),
    })
    return ((await response.json()) as { readonly trace_id: string }).trace_id
  }

  test('lists, approves and prints the answer that the server gives', async () => {
    expect((await remote([])).stdout).toBe('Nothing waits for a person.\n')
    const id = await message()
    expect((await remote(['list'])).stdout).toMatch(
      `${id}  refund {"order":"ORD-17"}\n    Shop, session bob: the sensitive skill refund requires approval; until 20`,
    )
    expect(await remote(['approve', id])).toEqual({
      code: 0,
      stdout: '(approved)\n[offline model] refund: Order ORD-17: refunded\n',
      stderr: '',
    })
    const late = await remote(['deny', id])
    expect(late.code).toBe(1)
    expect(late.stderr).toContain(`neam-cli: confirmation ${id} was decided before: approve by key `)
  }, 20_000)

  test.each([
    ['no key', {}, 'send the header Authorization: Bearer <NEAM_ADMIN_KEY>; set NEAM_ADMIN_KEY'],
    [
      'the key of the API',
      { NEAM_ADMIN_KEY: KEY },
      'this route needs NEAM_ADMIN_KEY, and the key that was sent is one of NEAM_API_KEY',
    ],
  ])('is refused with %s', async (_what, env, text) => {
    const { code, stderr } = await remote([], env)
    expect({ code, stderr }).toEqual({ code: 1, stderr: `neam-cli: ${text}\n` })
  })
})

describe('a chat in a terminal', () => {
  /** Runs the chat on a pseudo-terminal of script(1), and types each text when its prompt is there. */
  const typed = (turns: readonly (readonly [prompt: string, text: string])[]): Promise<string> => {
    const command = `${process.execPath} ${ROOT}bin/neam-cli.js refunds.neam --offline --user bob`
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd })
    const left = [...turns]
    let shown = ''
    let seen = 0
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      const next = left[0]
      if (next === undefined || !shown.slice(seen).includes(next[0])) return
      left.shift()
      seen = shown.length
      child.stdin.write(next[1])
    })
    return new Promise((resolve) => child.on('close', () => resolve(shown.replaceAll('\r', ''))))
  }

  test.each([
    ['y', 'Order ORD-17: refunded'],
    ['', 'Denied: a person refused this call of refund.'],
    ['yesterday', 'Denied: a person refused this call of refund.'],
  ])(
    'asks about each such call; "%s" is taken for what it says',
    async (line, answer) => {
      const shown = await typed([
        ['> ', 'Please refund order ORD-17\n'],
        ['Approve? [y/N] ', `${line}\n`],
        ['> ', '/quit\n'],
      ])
      expect(shown).toContain('the sensitive skill refund requires approval: refund {"order":"ORD-17"}\n')
      expect(shown).toContain(answer)
    },
    20_000,
  )

  test('Ctrl-C at the question leaves the call waiting, and the chat goes on', async () => {
    const shown = await typed([
      ['> ', 'Please refund order ORD-17\n'],
      ['Approve? [y/N] ', '\x03'],
      ['(or deny)', '/quit\n'],
    ])
    expect(shown).toMatch(
      /; decide with neam-cli confirmations approve [0-9a-f]{32} refunds\.neam \(or deny\)\n/,
    )
    expect((await confirmations('refunds.neam')).stdout).toContain('refund {"order":"ORD-17"}')
  }, 20_000)
})
