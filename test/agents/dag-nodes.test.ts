import { describe, expect, test } from '@jest/globals'
import { levels, readNodes } from '../../agents/orchestrate/dag-nodes.ts'
import { fromJson } from '../../vm/values/json.ts'

const read = (nodes: unknown) => readNodes(fromJson(nodes))
const node = (id: string, ...depends_on: readonly string[]) => ({
  id,
  agent: 'a',
  task: `do ${id}`,
  depends_on,
})

describe('the nodes of a DAG', () => {
  test('stand in levels, in input order within each', () => {
    const sorted = levels(read([node('d', 'b', 'c'), node('b', 'a'), node('c', 'a'), node('a')]))
    expect(sorted.map((level) => level.map(({ id }) => id))).toEqual([['a'], ['b', 'c'], ['d']])
  })

  test('may leave out task and dependencies: the id is the task then', () => {
    expect(read([{ id: 'x', agent: 'a' }])).toEqual([{ id: 'x', agent: 'a', task: 'x', dependsOn: [] }])
  })

  const wrong: readonly (readonly [claim: string, nodes: unknown, message: string])[] = [
    ['no list', 5, 'dag_execute: expected a list of nodes, got number 5'],
    ['no map', [1], 'dag_execute: node 1 must be a map, got number 1'],
    ['no id', [{ agent: 'a' }], 'dag_execute: node 1 needs a string "id", got nil'],
    [
      'an unknown field',
      [{ id: 'a', agent: 'a', needs: [] }],
      'dag_execute: node 1 has an unknown field "needs"',
    ],
    ['a duplicate id', [node('a'), node('a')], 'dag_execute: two nodes have the id "a"'],
    ['an unknown dependency', [node('a', 'z')], 'dag_execute: node "a" depends on "z", which does not exist'],
    [
      'a cycle',
      [node('x'), node('a', 'c', 'x'), node('b', 'a'), node('c', 'b')],
      'dag_execute: these nodes wait for each other: a -> c -> b -> a',
    ],
    [
      'a node that waits for itself',
      [node('a', 'a')],
      'dag_execute: these nodes wait for each other: a -> a',
    ],
  ]
  test.each(wrong)('are refused with the reason: %s', (_claim, nodes, message) => {
    expect(() => read(nodes)).toThrow(expect.objectContaining({ kind: 'dag_invalid', message }))
  })
})
