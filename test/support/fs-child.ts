/** A process of its own that works on a tree: `<root> <job> <argument> <kill at call, 0 = never>`. */
import { writeSync } from 'node:fs'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { faultyFs } from './fs-faults.ts'
import { BUDGET, CALL, decide, disable, message, reset, run, SESSION, spend } from './fs-scenarios.ts'
import { testTree } from './fs-tree.ts'
import { realTimers } from './real-timers.ts'

const [root = '', job = '', argument = '', killAt = '0'] = process.argv.slice(2)

const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

// Opening the tree is not part of the job: only the job's own calls count.
let fs = nodeFs
const tree = testTree(root, {
  fs: new Proxy(nodeFs, { get: (_target, name: keyof typeof nodeFs) => fs[name] }),
  clock: { now: () => Date.now() },
  timers: realTimers,
})
if (Number(killAt) > 0) fs = faultyFs(nodeFs, { at: Number(killAt), fault: { kind: 'kill' } })

const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  message: () => message(tree, argument, { accepted: () => say('accepted') }),
  /** A message whose process is stopped between its work and its commit, while its lease runs out. */
  freeze: async () => {
    await message(tree, argument, {
      ttlMs: 200,
      worked() {
        say('frozen')
        process.kill(process.pid, 'SIGSTOP')
      },
    })
  },
  reset: () => reset(tree, argument),
  run: () => run(tree, argument),
  spend: () => spend(tree),
  /** Reserves calls as fast as it can and never settles them. */
  reserve: async () => {
    for (let i = 0; i < Number(argument); i++) {
      const granted = await tree.budgets.reserve(BUDGET, CALL, 0).then(
        () => true,
        () => false,
      )
      if (granted) say('granted')
    }
  },
  disable: () => disable(tree, argument),
  decide: async () => {
    if (await decide(tree, argument)) say('spent')
  },
  /** Takes the session's lease and never gives it back. */
  hold: async () => {
    await tree.sessions.acquire(SESSION, { purpose: 'turn', ttlMs: 3_600_000, waitMs: 0 })
    say('held')
    await realTimers.sleep(60_000)
  },
  /** `<name>,<resets>`: begins one session after the other. */
  resets: async () => {
    const [name, resets] = argument.split(',')
    for (let i = 0; i < Number(resets); i++) {
      while ((await reset(tree, `${name}-${i}`)) === null) await realTimers.sleep(1)
    }
  },
  /** `<name>,<messages>,<lease time to live>`: a writer among others. */
  write: async () => {
    const [name, messages, ttlMs] = argument.split(',')
    for (let i = 0; i < Number(messages); i++) {
      const turn = `${name}-${i}`
      while ((await message(tree, turn, { ttlMs: Number(ttlMs), waitMs: 30_000 })) === null);
      say(`acknowledged ${turn}`)
    }
  },
}
await jobs[job]?.()
say('finished')
