import { cpSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { examineTree } from '../../stores/tree/doctor.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import type { Tree } from '../../stores/tree/tree.ts'
import { filesBelow } from '../support/files-below.ts'
import {
  BUDGET,
  CALL,
  CONFIRMATION,
  decide,
  disable,
  message,
  reset,
  run,
  runConfig,
  SESSION,
} from '../support/fs-scenarios.ts'
import { hash, sessionsDir, stateDir, testIds, testTree, virtualTime } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** What may become of a file: power loss, bad disks, restores and hands. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  missing: (path) => unlinkSync(path),
  empty: (path) => writeFileSync(path, ''),
  'cut off in the middle': (path) => change(path, (bytes) => bytes.subarray(0, bytes.length / 2)),
  'full of NULs': (path) => change(path, (bytes) => bytes.fill(0)),
  'without its first byte': (path) => change(path, (bytes) => bytes.subarray(1)),
  'with a flipped byte': (path) => change(path, (bytes) => flipped(bytes, bytes.length >> 1)),
  'broken by a line end': (path) => change(path, (bytes) => inserted(bytes, 0x0a)),
  'with a byte that is no UTF-8': (path) => change(path, (bytes) => inserted(bytes, 0xff)),
  'another JSON object': (path) => writeFileSync(path, '{}\n'),
  'a JSON list': (path) => writeFileSync(path, '[]\n'),
  'the JSON null': (path) => writeFileSync(path, 'null\n'),
  'a directory': (path) => {
    unlinkSync(path)
    mkdirSync(path)
  },
}

const change = (path: string, to: (bytes: Buffer) => Buffer): void =>
  writeFileSync(path, to(readFileSync(path)))
const inserted = (bytes: Buffer, byte: number): Buffer =>
  Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.from([byte]), bytes.subarray(bytes.length / 2)])
function flipped(bytes: Buffer, at: number): Buffer {
  if (bytes.length > 0) bytes[at]! ^= 1
  return bytes
}

const OTHER = { ...SESSION, key: 'other' }
const RUN = { agent: 'Builder', run: 'R1' }
const LANE = { agent: 'Bot', lane: 'default', concurrency: 2, priority: 'normal', waitMs: 0 } as const

/** A tree with a file of every kind that it knows. */
async function populate(root: string): Promise<void> {
  const tree = testTree(root)
  for (const text of ['one', 'two']) await message(tree, text)
  await reset(tree, 'SESSION-2')
  for (const text of ['three', 'four']) await message(tree, text)
  await tree.memories.keepFacts(SESSION, {
    sessionId: 'SESSION-1',
    seq: 2,
    facts: ['a fact'],
    ts: '',
    isTainted: false,
  })
  await tree.sessions.accept(SESSION, intent('open'))
  await tree.sessions.recordWaiting(SESSION, 'open', CONFIRMATION.id)
  await message(tree, 'other', { session: OTHER })
  await run(tree, RUN.run)
  await tree.runs.start(runConfig('R2'))
  await (await tree.budgets.reserve(BUDGET, CALL, AT)).settle(CALL)
  await tree.budgets.reserve(BUDGET, CALL, AT)
  await disable(tree, 'Disabled')
  await decide(tree, 'admin')
  await tree.confirmations.keepTaskToken(CONFIRMATION.id, 'token')
  await tree.lanes.enter(LANE)
}
/** Settled and reserved by `populate`, USD. */
const SPENT = 2 * CALL.cost
const AT = 0
const intent = (turn: string) =>
  ({ turn, message: turn, acceptedAt: '', lane: 'default', requestId: null }) as const

/** Everything that is asked of a tree, each by itself. */
const QUESTIONS: Readonly<Record<string, (tree: Tree, root: string) => unknown>> = {
  'sessions.open': (tree) => tree.sessions.open(SESSION),
  'sessions.list': (tree) => tree.sessions.list(SESSION.agent),
  'sessions.page': (tree) => tree.sessions.page(SESSION.agent, { after: null, limit: 10 }),
  'sessions.count': (tree) => tree.sessions.count(SESSION.agent),
  'sessions.openTurns': (tree) => tree.sessions.openTurns(SESSION),
  'sessions.turn': async (tree) => {
    for (const turn of ['one', 'four', 'open']) await tree.sessions.turn(SESSION, turn)
  },
  'sessions.isHeld': (tree) => tree.sessions.isHeld(SESSION),
  'sessions.archives': (tree) => tree.sessions.archives(SESSION),
  'sessions.readArchive': async (tree) => {
    for (const { file } of await tree.sessions.archives(SESSION))
      await tree.sessions.readArchive(SESSION, file)
  },
  'memories.sources': async (tree) => {
    for (const source of await tree.memories.sources(SESSION)) source.read()
  },
  'budgets.used': (tree) => tree.budgets.used(BUDGET, 0),
  'killSwitch.state': (tree) => tree.killSwitch.state('Bot'),
  'killSwitch.disabled': (tree) => tree.killSwitch.disabled(),
  'confirmations.get': (tree) => tree.confirmations.get(CONFIRMATION.id),
  'confirmations.pending': (tree) => tree.confirmations.pending(),
  'confirmations.result': (tree) => tree.confirmations.result(CONFIRMATION.id),
  'confirmations.taskToken': (tree) => tree.confirmations.taskToken(CONFIRMATION.id),
  'runs.head': (tree) => tree.runs.head(RUN.agent),
  'runs.iterations': (tree) => tree.runs.iterations(RUN),
  'runs.iteration': (tree) => tree.runs.iteration(RUN, 1),
  'runs.outcome': (tree) => tree.runs.outcome(RUN),
  'runs.config': (tree) => tree.runs.config(RUN),
  check: (tree) => tree.check(),
  doctor: (_tree, root) =>
    examineTree({
      fs: nodeFs,
      clock: virtualTime().clock,
      ids: testIds(),
      hash,
      sessionsDir: sessionsDir(root),
      stateDir: stateDir(root),
      fix: false,
    }),
  'budgets.reserve': (tree) => tree.budgets.reserve(BUDGET, CALL, AT),
  'lanes.enter': (tree) => tree.lanes.enter(LANE),
  'runs.begin': (tree) => tree.runs.begin(RUN, 1),
  'runs.start': (tree) => tree.runs.start(runConfig('R3')),
  'killSwitch.set': (tree) => disable(tree, 'Third'),
  'a message': (tree) => message(tree, 'five'),
  'a reset': (tree) => reset(tree, 'SESSION-3'),
}

/** A later process: whoever held anything on the tree is gone. */
const later = (root: string): Tree => testTree(root, { owner: { id: null, isDead: () => true } })

const template = temporaryDirectory({ inMemory: true })
let files: readonly string[]
beforeAll(async () => {
  await populate(template)
  files = filesBelow(template).map((path) => relative(template, path))
})

/** Damages each file of a tree in turn and collects what `look` finds wrong, with the name of the file. */
async function damaging(
  damage: (path: string) => void,
  concerned: (file: string) => boolean,
  look: (root: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const file of files.filter(concerned)) {
    const root = temporaryDirectory({ inMemory: true })
    cpSync(template, root, { recursive: true, preserveTimestamps: true })
    damage(join(root, file))
    wrong.push(...(await look(root)).map((problem) => `${file}: ${problem}`))
    rmSync(root, { recursive: true })
  }
  return wrong
}

/** What was answered, or the Fault. */
const orFault = <T>(promise: Promise<T>): Promise<T | Fault> =>
  promise.catch((error: unknown) => {
    if (error instanceof Fault) return error
    throw error
  })

describe.each(Object.entries(DAMAGES))('when a file of the tree is %s', (name, damage) => {
  test('every question is answered, or refused with a Fault', async () => {
    const wrong = await damaging(
      damage,
      () => true,
      async (root) => {
        const problems: string[] = []
        for (const [question, ask] of Object.entries(QUESTIONS)) {
          try {
            await ask(later(root), root)
          } catch (error) {
            if (!(error instanceof Fault)) problems.push(`${question}: ${error}`)
          }
        }
        return problems
      },
    )
    expect(wrong).toEqual([])
  }, 60_000)

  test('no other session loses anything', async () => {
    const wrong = await damaging(
      damage,
      (file) => file.startsWith('sessions/SupportBot/cli_user_alice/'),
      async (root) => {
        const { messages, degraded } = await later(root).sessions.open(OTHER)
        return degraded || messages.length !== 2 ? [JSON.stringify(messages)] : []
      },
    )
    expect(wrong).toEqual([])
  })

  test('nothing is enabled that was disabled, also after the next change', async () => {
    const wrong = await damaging(
      damage,
      (file) => file.startsWith('state/sys/kill'),
      async (root) => {
        const problems: string[] = []
        const tree = await orFault(Promise.resolve().then(() => later(root)))
        if (tree instanceof Fault) return []
        for (const moment of ['at once', 'after a change']) {
          const found = await orFault(tree.killSwitch.state('Disabled'))
          if (!(found instanceof Fault) && !found.disabled) problems.push(`enabled ${moment}`)
          await orFault(disable(tree, 'Third'))
        }
        return problems
      },
    )
    expect(wrong).toEqual([])
  })

  // A file that is gone looks like one that never was; nothing on the tree could tell.
  if (name === 'missing') return

  test('no money is forgotten', async () => {
    const wrong = await damaging(
      damage,
      (file) => file.startsWith('state/budgets/'),
      async (root) => {
        const used = await orFault(later(root).budgets.used(BUDGET, 0))
        return used instanceof Fault || used.cost >= SPENT ? [] : [`${used.cost} USD`]
      },
    )
    expect(wrong).toEqual([])
  })

  test('no approval is spent twice', async () => {
    const wrong = await damaging(
      damage,
      (file) => file.startsWith('state/confirm/'),
      async (root) =>
        (await orFault(later(root).confirmations.spend(CONFIRMATION.id))) === true ? ['spent again'] : [],
    )
    expect(wrong).toEqual([])
  })

  test('no iteration of a run is begun again that was done', async () => {
    const wrong = await damaging(
      damage,
      (file) => file.endsWith('.done.json'),
      async (root) => {
        const begun = await orFault(later(root).runs.begin(RUN, 1))
        return begun instanceof Fault || begun.kind === 'done' ? [] : [begun.kind]
      },
    )
    expect(wrong).toEqual([])
  })
})
