import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parseRecord, readableLine } from '../../runtime/audit/record.ts'
import { commands, curl, page, withoutNpx } from '../support/docs.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/audit.md')
const [serve, message, reset, verify, edit, verifyJson, tail, ...others] = commands(PAGE)

describe('docs/audit.md', () => {
  const sandbox = temporaryDirectory()
  const log = join(sandbox, 'neam-audit.jsonl')
  const run = (command: string) => {
    const here = command.replaceAll('/tmp/', `${sandbox}/`).split(' | ').map(withoutNpx).join(' | ')
    const env = { ...process.env, PATH: `${sandbox}:${process.env.PATH}` }
    return spawnSync('sh', ['-c', here], { cwd: ROOT, encoding: 'utf8', env })
  }

  beforeAll(async () => {
    const args = serve!.replace('npx neam-api ', '').replaceAll('/tmp/', `${sandbox}/`).split(' ')
    const server = await startServer('bin/neam-api.js', args, {
      NEAM_SESSIONS_DIR: join(sandbox, 'sessions'),
    })
    for (const command of [message, reset])
      expect(await curl(server.url, command!)).toMatchObject({ status: 200 })
    await server.stop()
  })

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })

  test('verifies what a server wrote from its first record to its end', () => {
    const records = readFileSync(log, 'utf8').trimEnd().split('\n').map(parseRecord)
    expect(records.at(-1)).toMatchObject({ event: 'audit.end', seq: records.length })
    const { status, stdout } = run(verify!)
    expect(status).toBe(0)
    const [chain, total] = /```text\n(.*)\n(.*)\n```/.exec(PAGE)!.slice(1)
    const shape = (line: string) =>
      line
        .replaceAll(/01\w+…?|\d{4}-[\dT:.-]+Z|[0-9a-f]{64}|9f2c…/g, '*')
        .replaceAll(/\d+ records/g, '* records')
    expect(stdout.trimEnd().split('\n').map(shape)).toEqual([shape(chain!), shape(total!)])
  })

  test('verifies the same records in the log of a function', () => {
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    const event = (line: string) => `2026-11-21T10:00:00.000000+00:00 2026/11/21/[$LATEST]1 ${line}`
    const printed = ['START RequestId: 1', ...lines.map((line) => readableLine(parseRecord(line)!))].map(
      event,
    )
    writeFileSync(join(sandbox, 'tail.txt'), printed.join('\n'))
    writeFileSync(join(sandbox, 'aws'), `#!/bin/sh\ncat ${join(sandbox, 'tail.txt')}\n`)
    chmodSync(join(sandbox, 'aws'), 0o755)
    const { status, stdout } = run(tail!)
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining(`${lines.length} records in 1 chain: whole.`),
    ])
  })

  test('finds the edit that it prints', () => {
    run(edit!)
    const { status, stdout } = run(verifyJson!)
    const printed = JSON.parse(/```json\n([\s\S]*?)```/.exec(PAGE)![1]!.replace('/tmp/', `${sandbox}/`))
    expect([status, JSON.parse(stdout)]).toMatchObject([1, { intact: false, problems: [printed] }])
  })
})
