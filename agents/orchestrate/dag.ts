import type { AgentDecl } from '../../bytecode/manifest.ts'
import { HostError } from '../../vm/host.ts'
import type { Value } from '../../vm/values/value.ts'
import { faultBehind } from '../host/refusal.ts'
import { assertDepth } from '../limits/depth.ts'
import { faultText } from '../ports/fault.ts'
import type { CallContext } from '../turn/call-context.ts'
import { throwIfStopped } from '../turn/stop.ts'
import { Taint } from '../turn/taint.ts'
import type { World } from '../world.ts'
import { type DagNode, levels, readNodes } from './dag-nodes.ts'
import { spawnAgent, spawnable } from './spawn.ts'

export interface DagRequest {
  /** A list of node maps. */
  readonly nodes: Value
  /** Whose code runs it; null = the program's top level. */
  readonly agent: AgentDecl | null
  readonly call: CallContext
  /** Of the code that runs it. */
  readonly taint: Taint
}

/** Nodes of a level that run at the same time. */
const CONCURRENCY = 8

type Outcome =
  /** `taint`: where text of strangers in it came from. */
  | { readonly kind: 'done'; readonly text: string; readonly taint: readonly string[] }
  | { readonly kind: 'failed' | 'skipped'; readonly reason: string }

/**
 * `dag_execute(nodes)` (chapter 28.6): a map from id to text, in the order of the nodes. Everything is checked before
 * the first model call. When nodes fail, those that depend on them are skipped, the others still run, and one
 * HostError `dag_failed` names them all. Throws `dag_invalid` and `agent_not_found`.
 */
export async function executeDag(world: World, request: DagRequest): Promise<Value> {
  const nodes = readNodes(request.nodes)
  for (const { agent } of nodes) spawnable(world, agent)
  assertDepth(request.call.depth + 1)
  const outcomes = new Map<string, Outcome>()
  for (const level of levels(nodes)) {
    await inParallel(level, async (node) => {
      outcomes.set(node.id, await runNode(world, request, node, outcomes))
    })
    throwIfStopped(request.call.signal)
  }
  return results(nodes, outcomes)
}

async function inParallel(level: readonly DagNode[], run: (node: DagNode) => Promise<void>): Promise<void> {
  const waiting = level.values()
  const worker = async (): Promise<void> => {
    for (const node of waiting) await run(node)
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, level.length) }, worker))
}

async function runNode(
  world: World,
  request: DagRequest,
  node: DagNode,
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<Outcome> {
  const missing = node.dependsOn.filter((id) => outcomes.get(id)?.kind !== 'done')
  if (missing.length > 0) return { kind: 'skipped', reason: `needs ${missing.join(', ')}` }
  const task = prompt(node, outcomes)
  try {
    // Its own, since what runs beside it has no part in it.
    const taint = new Taint([...(request.call.taint ?? []), ...taintOf(node, outcomes)])
    const call = { ...request.call, taint: taint.sources }
    const text = await spawnAgent(world, { ...request, call, taint, name: node.agent, task })
    request.taint.add(...taint.sources)
    return { kind: 'done', text, taint: taint.sources }
  } catch (error) {
    const fault = faultBehind(error)
    if (fault === null && !(error instanceof HostError)) throw error
    return { kind: 'failed', reason: fault === null ? (error as HostError).message : faultText(fault) }
  }
}

const taintOf = ({ dependsOn }: DagNode, outcomes: ReadonlyMap<string, Outcome>): readonly string[] =>
  dependsOn.flatMap((id) => {
    const outcome = outcomes.get(id)
    return outcome?.kind === 'done' ? outcome.taint : []
  })

/** The task, and what the nodes it depends on have answered, each in a block with its id. */
function prompt(node: DagNode, outcomes: ReadonlyMap<string, Outcome>): string {
  const blocks = node.dependsOn.map((id) => {
    const outcome = outcomes.get(id)
    return `[Output of "${id}"]\n${outcome?.kind === 'done' ? outcome.text : ''}\n[End of "${id}"]`
  })
  return [node.task, ...blocks].join('\n\n')
}

function results(nodes: readonly DagNode[], outcomes: ReadonlyMap<string, Outcome>): Value {
  const texts = new Map<string, Value>()
  const problems: string[] = []
  for (const { id } of nodes) {
    const outcome = outcomes.get(id)
    if (outcome?.kind === 'done') texts.set(id, outcome.text)
    else if (outcome) problems.push(`${id} ${outcome.kind} (${outcome.reason})`)
  }
  if (problems.length === 0) return texts
  throw new HostError('dag_failed', `dag_execute: ${problems.join('; ')}`, {
    completed: [...texts.keys()],
    problems,
  })
}
