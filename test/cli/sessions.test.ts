import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = 'examples/agents.neam'
const AGENT = '/api/v1/claw/support_bot/sessions'

/** A tree with one session, and the command line over it. */
async function place(options: Partial<Parameters<typeof testApi>[0]> = {}) {
  const directory = temporaryDirectory()
  const api = await testApi({ ...options, directory })
  const sessions = api.system.settings.sessionsDir
  const env = { NEAM_SESSIONS_DIR: sessions, NEAM_STATE_DIR: api.system.settings.stateDir }
  return {
    api,
    sessions,
    state: api.system.settings.stateDir,
    ask: (key: string, message: string, headers = {}) =>
      api.call('POST', `${AGENT}/${key}/message`, { body: { message }, headers }),
    cli: (...args: string[]) => runBin('neam-cli', args, { cwd: ROOT, env }),
  }
}

const old = (path: string) => {
  const then = new Date(Date.now() - 2 * 3_600_000)
  utimesSync(path, then, then)
}

describe('neam-cli sessions', () => {
  test('list, show, export, archive and forget', async () => {
    const { ask, cli } = await place()
    expect((await cli('sessions', 'list', PROGRAM)).stdout).toBe('No sessions yet.\n')
    await ask('ann', 'What is the status of order ORD-12345?')
    expect((await cli('sessions', 'list', PROGRAM)).stdout).toMatch(
      /^support_bot {2}ann {2}2 messages {2}\d{4}-\d\d-\d\dT.*Z\n$/,
    )
    const shown = (await cli('sessions', 'show', PROGRAM, 'support_bot', 'ann')).stdout
    expect(shown).toMatch(/^\S+ user: What is the status of order ORD-12345\?\n\S+ assistant: .*Shipped/)
    expect((await cli('sessions', 'archive', PROGRAM, 'support_bot', 'ann')).stdout).toMatch(
      /^archived as \d{4}-\d\d-\d\d_\w+\.jsonl\n$/,
    )
    const forgotten = async () => (await cli('sessions', 'forget', PROGRAM, 'support_bot', 'ann')).stdout
    const exported = join(temporaryDirectory(), 'ann.json')
    await cli('sessions', 'export', PROGRAM, 'support_bot', 'ann', '-o', exported)
    expect(JSON.parse(readFileSync(exported, 'utf8'))).toMatchObject({
      session_key: 'ann',
      messages: [],
      archives: [{ reason: 'manual', messages: [{ role: 'user' }, { role: 'assistant' }] }],
    })
    expect(await forgotten()).toBe('deleted: archived conversations 1, compactions with facts 0\n')
    expect(await forgotten()).toBe('deleted: archived conversations 0, compactions with facts 0\n')
  }, 60_000)

  test('list says of a session that its reset is due', async () => {
    const { ask, cli } = await place({ clock: { now: () => Date.parse('2026-01-02T12:00:00Z') } })
    await ask('ann', 'Hello')
    expect((await cli('sessions', 'list', PROGRAM)).stdout).toBe(
      'support_bot  ann  0 messages  2026-01-02T12:00:00.000Z  (its idle reset is due)\n',
    )
  })

  test.each([
    [
      '{"format":2,"id":"x"}',
      'has format 2; this version reads 1',
      'run the release that made it, or a newer one',
    ],
    [
      'garbage',
      'is damaged: it is not a JSON object',
      'put a copy of the file back; on a local disk it may be removed',
    ],
  ])('doctor says what helps against a mark of the tree that says %s', async (mark, problem, remedy) => {
    const { cli, state } = await place()
    const file = join(state, 'sys/tree.json')
    writeFileSync(file, mark)
    const { code, stdout } = await cli('doctor')
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`^tree .*${problem}.*\\n +${remedy}`))
    expect(readFileSync(file, 'utf8')).toBe(mark)
    rmSync(file)
    expect((await cli('sessions', 'list', PROGRAM)).stdout).toBe('No sessions yet.\n')
  })

  test('repair answers the messages that a crash left without one', async () => {
    const { api, ask, cli } = await place()
    Object.assign(api.system.world, { turnWorker: { take: async () => {} } })
    const { body } = await ask('ann', 'What is the status of order ORD-12345?', { prefer: 'respond-async' })
    const repaired = await cli('sessions', 'repair', PROGRAM, '--offline')
    expect(repaired.code).toBe(0)
    expect(repaired.stdout).toMatch(
      new RegExp(`^support_bot {2}ann {2}turn ${body.turn_id} of \\S+: completed: .*Shipped`),
    )
    expect((await cli('sessions', 'repair', PROGRAM, '--offline')).stdout).toBe('Nothing to repair.\n')
  }, 60_000)

  test.each([
    [['sessions'], 'no action is given: neam-cli sessions list|show|export|archive|forget|repair'],
    [['sessions', 'lsit', PROGRAM], 'unknown action lsit; did you mean list?'],
    [['sessions', 'show', PROGRAM], 'show needs AGENT'],
    [['sessions', 'list', PROGRAM, 'a', 'b'], 'unexpected argument b'],
    [
      ['sessions', 'show', PROGRAM, 'support_bot', 'nobody'],
      `session nobody of support_bot has no messages; neam-cli sessions list ${PROGRAM} support_bot tells those there are`,
    ],
    [
      ['sessions', 'export', PROGRAM, 'support_bot', 'nobody'],
      'session nobody of support_bot has no messages',
    ],
    [['sessions', 'show', PROGRAM, 'nobody', 'ann'], 'Claw agent not found: nobody. Available: support_bot'],
  ])(
    '%j is refused: %s',
    async (args, message) => {
      const { cli } = await place()
      const { code, stderr } = await cli(...args)
      expect([code !== 0, stderr]).toEqual([true, expect.stringContaining(message)])
    },
    30_000,
  )
})

describe('neam-cli doctor', () => {
  test('finds nothing in a sound tree', async () => {
    const { ask, cli, sessions } = await place()
    await ask('ann', 'Hello')
    expect(await cli('doctor')).toMatchObject({ code: 0, stdout: `The tree at ${sessions} is sound.\n` })
  }, 30_000)

  test('names what is wrong; --fix mends what needs no person', async () => {
    const { ask, cli, sessions, state } = await place()
    await ask('ann', 'Hello')
    await ask('ann', 'Again')
    await ask('bob', 'Hello')
    const ann = join(sessions, 'support_bot/ann')
    const bob = join(sessions, 'support_bot/bob')
    const view = readFileSync(join(ann, 'current.jsonl'), 'utf8')
    writeFileSync(join(ann, 'current.jsonl'), 'torn')
    writeFileSync(join(ann, '.t.leftover'), 'half')
    old(join(ann, '.t.leftover'))
    writeFileSync(join(ann, '.t.fresh'), 'half')
    writeFileSync(join(bob, 'v.0000000001.jsonl'), 'torn')
    mkdirSync(join(ann, 'turn/crashe'), { recursive: true })
    writeFileSync(join(ann, 'turn/crashe/crashed.intent.jsonl'), '{}')
    old(join(ann, 'turn/crashe/crashed.intent.jsonl'))
    writeFileSync(join(state, 'broken.json'), '{')
    mkdirSync(join(bob, 'archive'))
    writeFileSync(join(bob, 'archive/2026-11-20_S1.jsonl'), '\0\0\0\n')

    const found = await cli('doctor', '--json')
    const kinds = (text: string) =>
      (JSON.parse(text).findings as { kind: string; mended: boolean }[])
        .map(({ kind, mended }) => `${kind}${mended ? ' mended' : ''}`)
        .toSorted()
    expect([found.code, kinds(found.stdout)]).toEqual([
      1,
      ['damaged_archive', 'damaged_record', 'damaged_session', 'leftover', 'open_turn', 'stale_view'],
    ])
    const fixed = await cli('doctor', '--fix', '--json')
    expect([fixed.code, kinds(fixed.stdout)]).toEqual([
      1,
      [
        'damaged_archive',
        'damaged_record',
        'damaged_session',
        'leftover mended',
        'open_turn',
        'stale_view mended',
      ],
    ])
    expect(readFileSync(join(ann, 'current.jsonl'), 'utf8')).toBe(view)

    rmSync(join(bob, 'v.0000000001.jsonl'))
    rmSync(join(bob, 'archive'), { recursive: true })
    rmSync(join(state, 'broken.json'))
    rmSync(join(ann, 'turn/crashe'), { recursive: true })
    expect(await cli('doctor')).toMatchObject({ code: 0 })
  }, 60_000)

  test('serves the version before a damaged one, and says which', async () => {
    const { ask, cli, sessions } = await place()
    await ask('ann', 'Hello')
    await ask('ann', 'Again')
    writeFileSync(join(sessions, 'support_bot/ann/v.0000000002.jsonl'), 'torn')
    const { code, stdout } = await cli('doctor')
    expect(code).toBe(1)
    expect(stdout).toContain('v.0000000002.jsonl: it cannot be read; version 1 is served')
  }, 30_000)

  test('a tree that is not there is not made', async () => {
    const { cli, sessions } = await place()
    rmSync(sessions, { recursive: true })
    const { code, stdout } = await cli('doctor', '--fix')
    expect([code, stdout]).toEqual([1, expect.stringContaining('is the file system mounted?')])
    expect((await cli('doctor', '--fix')).stdout).toContain('is the file system mounted?')
  }, 30_000)
})
