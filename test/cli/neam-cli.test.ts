import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const cwd = temporaryDirectory()
copyFileSync(join(ROOT, 'examples/tutor.neam'), join(cwd, 'tutor.neam'))
const chat = (user: string, ...lines: string[]) =>
  runBin('neam-cli', ['tutor.neam', '--offline', '--user', user], {
    cwd,
    input: lines.map((line) => `${line}\n`).join(''),
  })

describe('a conversation', () => {
  test('greets, prompts, answers, and ends with the input', async () => {
    const { code, stdout, stderr } = await chat('ada', 'My name is Ada', '')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^Hello! What would you like to learn\?\nyou> \[offline model\].*My name is Ada.*\nyou> you> \n$/,
    )
  })

  test('goes on next time, under the channel’s session key', async () => {
    const { stdout } = await chat('ada', 'What is my name?', '/history', '/quit')
    expect(stdout).toContain('before, you said: "My name is Ada"')
    expect(stdout).toMatch(/user: My name is Ada\nassistant: .*\nuser: What is my name\?\n/)
    expect(readFileSync(join(cwd, '.neam/sessions/tutor/cli_ada/current.jsonl'), 'utf8')).toContain(
      'My name is Ada',
    )
  })

  test('is each user’s own', async () => {
    expect((await chat('bob', '/history', 'Hi')).stdout).not.toContain('Ada')
  })

  test('is compacted on request, once there is something to summarize', async () => {
    expect((await chat('carol', 'Hi', '/compact')).stdout).toContain('(nothing to summarize yet)')
    const many = Array.from({ length: 35 }, (_, index) => `message ${index}`)
    expect((await chat('carol', ...many, '/compact')).stdout).toMatch(/\(36 turns are now \d+\)/)
  })

  test('starts afresh after /reset', async () => {
    const { stdout } = await chat('ada', '/reset', '/history', 'Hello')
    expect(stdout).toContain('(a new conversation)')
    expect(stdout).not.toContain('Ada')
  })

  test('takes a mistyped command for none of the agent’s business, and a path for a message', async () => {
    const { stdout } = await chat('dan', '/hsitory', 'What is in /etc/hosts?', '/history')
    expect(stdout).toContain('unknown command /hsitory; they are:\n  /history')
    expect(stdout).toMatch(/user: What is in \/etc\/hosts\?\nassistant: /)
    expect(stdout).not.toContain('user: /hsitory')
  })

  test('shows what a terminal would obey, and does not send it there', async () => {
    const { stdout } = await chat('eve', 'Say \u001b[2J\u202e', '/history')
    expect(stdout).toMatch(/\[offline model\].*"Say \\u001b\[2J\\u202e"/)
    expect(stdout).toContain('user: Say \\u001b[2J\\u202e')
    expect(stdout).not.toContain('\u001b')
  })

  test('survives a message that cannot be answered', async () => {
    const { code, stdout, stderr } = await runBin('neam-cli', ['tutor.neam'], { cwd, input: 'Hi\n/help\n' })
    expect(stderr).toBe('error: no API key for provider openai: set OPENAI_API_KEY, or use --offline\n')
    expect(stdout).toContain('/reset')
    expect(code).toBe(0)
  })
})

describe('Ctrl-C while an answer is awaited', () => {
  const program = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/tutor.neam'), join(program, 'tutor.neam'))
  /** Sends the lines to a chat; the first `hung` requests get no answer, and Ctrl-C ends the waiting for each. */
  const chatWith = async (hung: number, ...lines: string[]) => {
    const server = await startOpenAIServer()
    let pid = 0
    for (let n = 0; n < hung; n += 1) {
      server.script(() => {
        process.kill(pid, 'SIGINT')
        return { fault: 'hang' }
      })
    }
    server.always({ text: 'Blue light scatters.' })
    const run = await runBin('neam-cli', ['tutor.neam', '--user', 'ada'], {
      cwd: program,
      env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: server.url },
      input: lines.map((line) => `${line}\n`).join(''),
      onStdout: (_text, child) => {
        pid = child.pid!
      },
    })
    return { ...run, asked: server.requests.map(({ body }) => body.messages.at(-1)!.content) }
  }

  test('says that the message is kept, and /resume answers it once', async () => {
    expect(await chatWith(1, 'Why is the sky blue?', '/resume', '/resume', '/history')).toEqual({
      code: 0,
      stdout:
        'Hello! What would you like to learn?\nyou> you> user: Why is the sky blue?\nBlue light scatters.\n' +
        'you> (every message has its answer)\n' +
        'you> user: Why is the sky blue?\nassistant: Blue light scatters.\nyou> \n',
      stderr:
        'error: stopped on request; your message is kept: /resume goes on with it, in a later chat too\n',
      asked: ['Why is the sky blue?', 'Why is the sky blue?'],
    })
  })

  test('at /resume leaves what is left as it was, and a later chat tells of it and goes on', async () => {
    const first = await chatWith(3, 'One?', 'Two?', '/resume')
    expect(first.asked).toEqual(['One?', 'Two?', 'One?'])
    const { stdout, stderr, asked } = await chatWith(0, '/resume')
    expect({ stdout, stderr, asked }).toEqual({
      stdout:
        'Hello! What would you like to learn?\n(2 messages have no answer yet; /resume goes on)\n' +
        'you> user: One?\nBlue light scatters.\nuser: Two?\nBlue light scatters.\nyou> \n',
      stderr: '',
      asked: ['One?', 'Two?'],
    })
  })
})

describe('what cannot be chatted with', () => {
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(cwd, 'agents.neam'))
  writeFileSync(join(cwd, 'none.neam'), 'emit 1;\n')
  test.each([
    ['no file', [], 2, 'no file is given'],
    ['nobody', ['tutor.neam', '--user', ' '], 2, '--user is empty; it names who you are'],
    ['no claw agent', ['none.neam'], 1, 'no claw agents found in none.neam'],
    ['no cli channel', ['agents.neam'], 1, 'support_bot: no cli channel; add one'],
    ['an unknown name', ['tutor.neam', '--agent', 'x'], 1, "claw agent 'x' not found. Available: tutor"],
  ])('%s is said in one line', async (_what, args, expected, message) => {
    const { code, stderr } = await runBin('neam-cli', args, { cwd })
    expect(stderr).toContain(message)
    expect(code).toBe(expected)
  })
})
