import { describe, expect, test } from '@jest/globals'
import { readArguments } from '../../agents/turn/arguments.ts'
import { toolSpec } from '../../agents/turn/tools.ts'
import type { ParamDecl, SkillDecl } from '../../bytecode/manifest.ts'

const skill = (...params: readonly ParamDecl[]): SkillDecl => ({
  name: 'find',
  description: 'Finds things',
  params,
  impl: 0,
  sensitive: false,
  idempotent: false,
  untrusted: false,
  effects: null,
})
const FIND = skill(
  { name: 'text', type: 'string' },
  { name: 'count', type: 'integer' },
  { name: 'tags', type: 'array' },
  { name: 'mode', type: 'string', enum: ['fast', 'slow'] },
  { name: 'extra', type: null },
)

const problem = (json: string, of = FIND): string => {
  const read = readArguments(of, json)
  if (read.kind === 'valid') throw new Error('the arguments were accepted')
  return read.problem
}

describe('arguments of a tool call', () => {
  test('are read by name; what is left out stays out', () => {
    const read = readArguments(FIND, '{"text": "a", "tags": ["x"], "count": null}')
    expect(read).toEqual({
      kind: 'valid',
      values: new Map<string, unknown>([
        ['text', 'a'],
        ['tags', ['x']],
        ['count', null],
      ]),
    })
  })

  test('that are left out have their default; nil that was sent is nil', () => {
    const of = skill(
      { name: 'limit', type: 'integer', default: 10 },
      { name: 'note', type: 'string', default: null },
      { name: 'text', type: 'string' },
    )
    const values = (json: string) => {
      const read = readArguments(of, json)
      return read.kind === 'valid' ? Object.fromEntries(read.values) : read.problem
    }
    expect(values('{}')).toEqual({ limit: 10, note: null })
    expect(values('{"limit": 3, "text": "a"}')).toEqual({ limit: 3, note: null, text: 'a' })
    expect(values('{"limit": null}')).toEqual({ limit: null, note: null })
    expect(toolSpec(of).parameters).toEqual({
      type: 'object',
      properties: {
        limit: { type: 'integer', default: 10 },
        note: { type: 'string' },
        text: { type: 'string' },
      },
      required: ['text'],
      additionalProperties: false,
    })
  })

  test('may be an empty text where there is nothing to say', () => {
    expect(readArguments(FIND, '')).toEqual({ kind: 'valid', values: new Map() })
  })

  const wrong: readonly (readonly [claim: string, json: string, problem: RegExp])[] = [
    ['broken JSON', '{"text": ', /^the arguments are not valid JSON: /],
    ['no object', '[1]', /^the arguments must be a JSON object, got list of 1$/],
    [
      'a name that does not exist',
      '{"txt": "a"}',
      /^unknown argument "txt"; this tool takes "text", "count"/,
    ],
    ['a wrong type', '{"count": "3"}', /^argument "count" must be an integer, got string "3"$/],
    ['a fraction for an integer', '{"count": 1.5}', /^argument "count" must be an integer, got number 1.5$/],
    ['a map for a list', '{"tags": {}}', /^argument "tags" must be a list, got map of 0$/],
    [
      'a word outside the enum',
      '{"mode": "warp"}',
      /^argument "mode" must be "fast" or "slow", got string "warp"$/,
    ],
  ]
  test.each(wrong)('are refused with words that help: %s', (_claim, json, expected) => {
    expect(problem(json)).toMatch(expected)
  })

  test('of a tool without parameters are none', () => {
    expect(problem('{"a": 1}', skill())).toBe('unknown argument "a"; this tool takes none')
  })
})

test('a skill is shown to the model with every parameter required and none besides', () => {
  expect(toolSpec(FIND)).toEqual({
    name: 'find',
    description: 'Finds things',
    parameters: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        count: { type: 'integer' },
        tags: { type: 'array' },
        mode: { type: 'string', enum: ['fast', 'slow'] },
        extra: {},
      },
      required: ['text', 'count', 'tags', 'mode', 'extra'],
      additionalProperties: false,
    },
  })
})
