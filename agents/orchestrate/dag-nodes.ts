import { HostError } from '../../vm/host.ts'
import { describe } from '../../vm/values/type-name.ts'
import type { Value } from '../../vm/values/value.ts'

/** A node of `dag_execute` (chapter 28.6), read and checked. */
export interface DagNode {
  readonly id: string
  readonly agent: string
  /** What the agent is asked; the id where none is given. */
  readonly task: string
  readonly dependsOn: readonly string[]
}

const MAX_NODES = 1000
const FIELDS = new Set(['id', 'agent', 'task', 'depends_on'])

const invalid = (problem: string): HostError => new HostError('dag_invalid', `dag_execute: ${problem}`)

/** Reads the nodes. Throws HostError `dag_invalid` for wrong fields, duplicate ids, unknown ids and cycles. */
export function readNodes(value: Value): readonly DagNode[] {
  if (!Array.isArray(value)) throw invalid(`expected a list of nodes, got ${describe(value)}`)
  if (value.length > MAX_NODES) throw invalid(`${value.length} nodes; at most ${MAX_NODES} are run`)
  const nodes = value.map(readNode)
  const ids = new Set<string>()
  for (const { id } of nodes) {
    if (ids.has(id)) throw invalid(`two nodes have the id "${id}"`)
    ids.add(id)
  }
  for (const { id, dependsOn } of nodes) {
    const unknown = dependsOn.find((dependency) => !ids.has(dependency))
    if (unknown !== undefined) throw invalid(`node "${id}" depends on "${unknown}", which does not exist`)
  }
  levels(nodes)
  return nodes
}

function readNode(value: Value, index: number): DagNode {
  const where = `node ${index + 1}`
  if (!(value instanceof Map)) throw invalid(`${where} must be a map, got ${describe(value)}`)
  for (const name of value.keys()) {
    if (!FIELDS.has(name)) throw invalid(`${where} has an unknown field "${name}"`)
  }
  const id = text(value, 'id', where)
  const task = value.get('task') ?? null
  return {
    id,
    agent: text(value, 'agent', where),
    task: task === null ? id : text(value, 'task', where),
    dependsOn: names(value.get('depends_on') ?? null, where),
  }
}

function text(node: ReadonlyMap<string, Value>, field: string, where: string): string {
  const value = node.get(field) ?? null
  if (typeof value === 'string' && value !== '') return value
  throw invalid(`${where} needs a string "${field}", got ${describe(value)}`)
}

function names(value: Value, where: string): readonly string[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw invalid(`${where}: "depends_on" must be a list, got ${describe(value)}`)
  return value.map((name) => {
    if (typeof name === 'string') return name
    throw invalid(`${where}: "depends_on" must hold strings, got ${describe(name)}`)
  })
}

/** Kahn's sort: each level depends on earlier ones only; input order within a level. Throws for a cycle. */
export function levels(nodes: readonly DagNode[]): readonly (readonly DagNode[])[] {
  const sorted: DagNode[][] = []
  const done = new Set<string>()
  let open = nodes
  while (open.length > 0) {
    const level = open.filter(({ dependsOn }) => dependsOn.every((id) => done.has(id)))
    if (level.length === 0) throw invalid(`these nodes wait for each other: ${cycleOf(open).join(' -> ')}`)
    for (const { id } of level) done.add(id)
    sorted.push(level)
    open = open.filter(({ id }) => !done.has(id))
  }
  return sorted
}

/** A cycle among nodes of which each has a dependency among them. */
function cycleOf(open: readonly DagNode[]): readonly string[] {
  const byId = new Map(open.map((node) => [node.id, node]))
  const path: string[] = []
  let id = open[0]!.id
  while (!path.includes(id)) {
    path.push(id)
    id = byId.get(id)!.dependsOn.find((dependency) => byId.has(dependency))!
  }
  return [...path.slice(path.indexOf(id)), id]
}
