import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Run, runBin } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `channel terminal { type: "cli" }
  claw agent Tutor { provider: "ollama" model: "llama3.2:3b" channels: [terminal] }`

const chat = (cwd: string, env: Readonly<Record<string, string>>): Promise<Run> =>
  runBin('neam-cli', ['tutor.neam', '--offline'], { cwd, env, input: 'hello\n/reset\n' })

/** The audit file of one chat; `verify` runs the command over it. */
async function place() {
  const cwd = temporaryDirectory()
  const log = join(cwd, 'audit.jsonl')
  const env = { NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: log }
  writeFileSync(join(cwd, 'tutor.neam'), PROGRAM)
  await chat(cwd, env)
  const verify = (args: readonly string[], input?: string): Promise<Run> =>
    runBin('neam-cli', ['audit', 'verify', ...args], { cwd, ...(input === undefined ? {} : { input }) })
  const lines = () => readFileSync(log, 'utf8').trimEnd().split('\n')
  return { cwd, env, log, verify, lines }
}

describe('neam-cli audit verify', () => {
  test('reads the file of NEAM_AUDIT_LOG, a path, and standard input', async () => {
    const { cwd, env, log, verify } = await place()
    const runs = [
      await runBin('neam-cli', ['audit', 'verify'], { cwd, env }),
      await verify(['audit.jsonl']),
      await verify(['-'], readFileSync(log, 'utf8')),
    ]
    for (const { code, stdout } of runs) {
      expect(stdout).toMatch(/\d+ records in 1 chain: whole\.\n$/)
      expect(code).toBe(0)
    }
  })

  test('ends with 1 and names line and reason where a record was changed', async () => {
    const { log, verify, lines } = await place()
    const all = lines()
    writeFileSync(log, `${all.with(0, all[0]!.replace('"event":"', '"event":"not.')).join('\n')}\n`)
    const { code, stdout } = await verify([log])
    expect(code).toBe(1)
    expect(stdout.split('\n')[0]).toMatch(
      /audit\.jsonl:1: record 1 of \w+ was changed: its hash is not that of its content$/,
    )
  })

  test('ends with 3 where a process was killed while it wrote, and says so', async () => {
    const { log, verify, lines } = await place()
    const all = lines()
    writeFileSync(log, all.join('\n').slice(0, -20))
    const { code, stdout } = await verify([log])
    expect(code).toBe(3)
    expect(stdout).toContain(`audit.jsonl:${all.length}: half a line, as a process leaves that is killed`)
    expect(stdout).toContain('without an end: its process runs, was killed, or the last records were cut off')
  })

  test('finds in a file what another process goes on with after such an end', async () => {
    const { cwd, env, log, verify } = await place()
    appendFileSync(log, '{"agent":null,"event":"se')
    await chat(cwd, env)
    const { code, stdout } = await verify(['--json', log])
    expect(JSON.parse(stdout)).toMatchObject({ intact: true, chains: [{ ended: true }, { ended: true }] })
    expect(code).toBe(3)
  })

  test.each<[readonly string[], number, string]>([
    [['audit'], 2, 'no action is given: neam-cli audit verify'],
    [['audit', 'check'], 2, 'unknown action check; neam-cli audit verify'],
    [['audit', 'verify'], 2, 'no file is given and NEAM_AUDIT_LOG is not set'],
    [['audit', 'verify', 'no.jsonl'], 1, 'audit records cannot be read: ENOENT'],
  ])('%j ends with %i: %s', async (args, expected, message) => {
    const { code, stderr } = await runBin('neam-cli', args, { cwd: temporaryDirectory() })
    expect([code, stderr]).toEqual([expected, expect.stringContaining(message)])
    // Said once, and nothing behind it of an error that nobody listened to.
    expect(stderr).not.toContain('    at ')
  })
})
