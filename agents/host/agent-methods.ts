import type { AgentDecl, ClawDecl, ForgeDecl } from '../../bytecode/manifest.ts'
import { HostError } from '../../vm/host.ts'
import type { Value } from '../../vm/values/value.ts'
import { ask } from '../claw/ask.ts'
import { compact } from '../claw/compact.ts'
import { history } from '../claw/history.ts'
import { resetSession } from '../claw/reset.ts'
import { outcomeValue } from '../forge/outcome.ts'
import { runForge } from '../forge/run.ts'
import { runElsewhere } from '../forge/run-elsewhere.ts'
import { askOnce } from '../turn/ask-once.ts'
import { nestedCall } from '../turn/call-context.ts'
import { statisticsOf } from '../turn/statistics.ts'
import { TAINT_SOURCE } from '../turn/taint.ts'
import type { World } from '../world.ts'
import { messageValues } from './message-values.ts'
import { MethodArguments } from './method-arguments.ts'
import type { SceneHostOptions } from './scene-host.ts'

/** The session of a programmatic `.ask(text)` (design 3.4). */
const DEFAULT_KEY = 'default'

type Caller = Pick<SceneHostOptions, 'call' | 'agent' | 'taint'>

interface MethodCall<A extends AgentDecl> {
  readonly world: World
  readonly agent: A
  /** The scene that calls. */
  readonly scene: Caller
  readonly arguments: MethodArguments
}

type Method<A extends AgentDecl> = (call: MethodCall<A>) => Promise<Value>

/** Methods of every kind of agent. */
const COMMON: Readonly<Record<string, Method<AgentDecl>>> = {
  async usage({ world, agent, arguments: args }) {
    args.end(0)
    return new Map<string, Value>(Object.entries(statisticsOf(world).usage(agent.name)))
  },
  async skill_call_count({ world, agent, arguments: args }) {
    args.end(1)
    return statisticsOf(world).toolCalls(agent.name, args.text(0, 'skill'))
  },
  async avg_latency_ms({ world, agent, arguments: args }) {
    args.end(0)
    return statisticsOf(world).averageLatencyMs(agent.name)
  },
}

/** A stateless `.ask()`; a forge agent answers in the same way, outside its loop. */
const STATELESS: Readonly<Record<string, Method<AgentDecl>>> = {
  ...COMMON,
  async ask({ world, agent, scene, arguments: args }) {
    args.end(1)
    const { text, isTainted } = await askOnce(world, {
      agent,
      message: args.text(0, 'prompt'),
      tools: true,
      call: nestedCall(scene.call),
    })
    if (isTainted) scene.taint.add(TAINT_SOURCE.answer(agent.name))
    return text
  },
  /** There is nothing to forget. */
  async reset({ arguments: args }) {
    args.end(0)
    return null
  },
}

const CLAW: Readonly<Record<string, Method<ClawDecl>>> = {
  ...COMMON,
  async ask({ world, agent, scene, arguments: args }) {
    args.end(1, 2)
    const { call } = scene
    const answer = await ask(world, {
      agent: agent.name,
      message: args.text(0, 'prompt'),
      key: args.optionalText(1, 'session key') ?? DEFAULT_KEY,
      ...nestedCall(call),
    })
    if (answer.isTainted) scene.taint.add(TAINT_SOURCE.answer(agent.name))
    return answer.response
  },
  async reset({ world, agent, scene, arguments: args }) {
    args.end(0, 1)
    const key = args.optionalText(0, 'session key') ?? DEFAULT_KEY
    await resetSession(world, {
      agent: agent.name,
      key,
      requestId: scene.call.requestId,
      holding: scene.call.holding,
    })
    return null
  },
  /** Of the one session; answers what the route of chapter 28.2 does. */
  async compact({ world, agent, scene, arguments: args }) {
    args.end(0, 1)
    const key = args.optionalText(0, 'session key') ?? DEFAULT_KEY
    const { status, turnsBefore, turnsAfter, summaryLength } = await compact(world, {
      agent: agent.name,
      key,
      call: scene.call,
    })
    return new Map<string, Value>([
      ['status', status],
      ['turns_before', turnsBefore],
      ['turns_after', turnsAfter],
      ['summary_length', summaryLength],
    ])
  },
  async history({ world, agent, scene, arguments: args }) {
    args.end(0, 1)
    const key = args.optionalText(0, 'session key') ?? DEFAULT_KEY
    return messageValues(await history(world, { agent: agent.name, key }), scene.taint)
  },
  async session_count({ world, agent, arguments: args }) {
    args.end(0)
    return await world.sessions.count(agent.name)
  },
  /** Sessions that have not fallen idle (chapter 24.10). */
  async active_session_count({ world, agent, arguments: args }) {
    args.end(0)
    const { idleResetMinutes } = agent.session
    const oldest = idleResetMinutes === 0 ? 0 : world.clock.now() - idleResetMinutes * 60_000
    const sessions = await world.sessions.list(agent.name)
    return sessions.filter((session) => session.messages > 0 && session.lastActivityAt > oldest).length
  },
}

const FORGE: Readonly<Record<string, Method<ForgeDecl>>> = {
  ...STATELESS,
  async run({ world, agent, scene, arguments: args }) {
    args.end(0)
    const { depth, signal, taint = [] } = scene.call
    // An iteration has a function's time for all that it does; a turn is outlived by the run that it asks for.
    const outcome =
      world.forgeDriver.kind === 'states' && scene.agent?.kind !== 'forge'
        ? await runElsewhere(world, agent.name, scene.call)
        : await runForge(world, agent.name, { signal, depth: depth + 1, isTainted: taint.length > 0 })
    if (outcome.tainted) scene.taint.add(TAINT_SOURCE.answer(agent.name))
    return outcomeValue(outcome)
  },
}

/** `agent.method(args)` of a running program. Throws Faults, and HostErrors for calls that make no sense. */
export async function callAgentMethod(
  world: World,
  scene: Caller,
  name: string,
  method: string,
  args: readonly Value[],
): Promise<Value> {
  const agent = world.program.module.manifest.agents.find((candidate) => candidate.name === name)
  if (!agent) throw new HostError('agent_not_found', `agent not found: ${name}`)
  const call = { world, scene, arguments: new MethodArguments(`${name}.${method}`, args) }
  switch (agent.kind) {
    case 'agent':
      return await methodOf(STATELESS, agent, method)({ ...call, agent })
    case 'claw':
      return await methodOf(CLAW, agent, method)({ ...call, agent })
    case 'forge':
      return await methodOf(FORGE, agent, method)({ ...call, agent })
  }
}

function methodOf<M>(methods: Readonly<Record<string, M>>, agent: AgentDecl, name: string): M {
  if (Object.hasOwn(methods, name)) return methods[name]!
  const known = Object.keys(methods).join(', ')
  throw new HostError('method', `agent ${agent.name} has no method ${name}; it has ${known}`)
}
