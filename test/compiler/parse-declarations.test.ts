import { describe, expect, test } from '@jest/globals'
import type { AgentNode, Field, SkillNode } from '../../compiler/syntax/ast.ts'
import { bracketed, itemsOf } from '../support/brackets.ts'

const only = <Kind extends string>(text: string, kind: Kind) => {
  const [item] = itemsOf(text)
  if (item?.kind !== kind) throw new Error(`${item?.kind} instead of ${kind}`)
  return item
}
const agent = (text: string) => only(text, 'agent') as AgentNode
const skill = (text: string) => only(text, 'skill') as SkillNode
const field = ({ fields }: { fields: readonly Field[] }, name: string) =>
  fields.find((candidate) => candidate.name.text === name)?.value

describe('agents', () => {
  test('take fields with commas, semicolons or nothing between them', () => {
    for (const separator of ['\n', ', ', '; ', ' ']) {
      const text = `agent A { provider: "x"${separator}model: "y"${separator}temperature: -0.5 }`
      expect(agent(text).fields.map(({ name }) => name.text)).toEqual(['provider', 'model', 'temperature'])
    }
  })

  test('take blocks with and without a colon', () => {
    for (const loop of ['loop { max_iterations: 5 }', 'loop: { max_iterations: 5 }']) {
      expect(field(agent(`forge agent A { ${loop} }`), 'loop')).toMatchObject({ kind: 'block' })
    }
  })

  test('take a word with and without quotes', () => {
    expect(field(agent('forge agent A { checkpoint: git }'), 'checkpoint')).toMatchObject({
      kind: 'name',
      name: { text: 'git' },
    })
    expect(field(agent('forge agent A { checkpoint: "git" }'), 'checkpoint')).toMatchObject({
      kind: 'literal',
      value: 'git',
    })
  })

  test('take lanes with commas inside and none between, one called default', () => {
    const lanes = field(
      agent('claw agent A { lanes: { default: { a: 1, b: "x" } vip: { a: 2, } } }'),
      'lanes',
    )
    expect(lanes).toMatchObject({ fields: [{ name: { text: 'default' } }, { name: { text: 'vip' } }] })
  })

  test('tell a name from a list of names from an expression', () => {
    const node = agent('agent A { verify: check skills: [a, "b"] other: [1] inline: fn(c) { true } }')
    expect(['verify', 'skills', 'other', 'inline'].map((name) => field(node, name)?.kind)).toEqual([
      'name',
      'names',
      'expr',
      'expr',
    ])
  })
})

describe('skills', () => {
  test('may have parameters called like declarations', () => {
    const node = skill(
      'skill run { params: { command: string, type: int } impl(command, type) { return 1; } }',
    )
    expect(node.params.map(({ name, type }) => `${name.text}:${type.text}`)).toEqual([
      'command:string',
      'type:int',
    ])
    expect(node.impl?.params.map(({ text }) => text)).toEqual(['command', 'type'])
  })

  test('may list the values of a parameter', () => {
    const node = skill(
      'skill s { params: { mode: string(enum = ["fast", "safe"]) } impl(mode) { return mode; } }',
    )
    expect(node.params[0]?.enum).toEqual(['fast', 'safe'])
  })

  test('may give a parameter a default, and list its values too', () => {
    const node = skill(
      'skill s { params: { n: int = -1, mode: string(enum = ["fast", "safe"]) = "fast" } impl(n) { return n; } }',
    )
    expect(node.params.map(({ initial }) => initial?.kind)).toEqual(['number', 'string'])
  })

  test('may list their parameters as maps with a JSON schema', () => {
    const node = skill(
      'skill s { params: [{ name: "mode", schema: { type: "string", enum: ["a", "b"], default: "a", description: "How" } }, { name: "x", schema: {} }] }',
    )
    expect(node.params).toMatchObject([
      {
        name: { text: 'mode' },
        type: { text: 'string' },
        enum: ['a', 'b'],
        initial: { kind: 'string', value: 'a' },
        description: 'How',
      },
      { name: { text: 'x' }, type: { text: 'any' }, enum: null, initial: null, description: null },
    ])
  })

  test('take an impl as a function value', () => {
    const { impl } = skill('skill s { impl: fn(x) => x + 1 }')
    expect(impl?.params.map(({ text }) => text)).toEqual(['x'])
    expect(impl?.body.items[0]?.kind).toBe('return')
  })

  test('remember a second impl for the checks', () => {
    expect(
      skill('skill s { impl() {} impl() {} params: {} params: {} }').repeated.map(({ text }) => text),
    ).toEqual(['impl', 'params'])
  })
})

describe('types', () => {
  test('a struct takes commas or none, annotations and defaults', () => {
    expect(only('mut struct P { x: int, y: list<int>? = nil z }', 'struct')).toMatchObject({
      mutable: true,
      fields: [
        { name: { text: 'x' } },
        { name: { text: 'y' }, initial: { kind: 'nil' } },
        { name: { text: 'z' } },
      ],
    })
  })

  test('a sealed type mixes variants with and without payload', () => {
    expect(only('sealed S { A(m: string), B, C(r, s), }', 'sealed')).toMatchObject({
      variants: [{ fields: [{ text: 'm' }] }, { fields: [] }, { fields: [{ text: 'r' }, { text: 's' }] }],
    })
  })

  test('a trait has supertraits, required methods and defaults', () => {
    expect(
      only('trait T: A + B { fn need(self); fn opt(self) -> int { return 1; } }', 'trait'),
    ).toMatchObject({
      supers: [{ text: 'A' }, { text: 'B' }],
      methods: [{ body: null }, { body: { kind: 'block' } }],
    })
  })

  test('impl, impl for and extend name their target', () => {
    for (const head of ['impl X', 'extend X', 'impl T for X']) {
      expect(only(`${head} { fn m(self) {} }`, 'impl')).toMatchObject({ target: { text: 'X' } })
    }
  })
})

describe('statements', () => {
  test('match needs no semicolon, and its arms take blocks, emits and expressions', () => {
    const text = 'match o { A(m) => { emit m; }, B => emit "b", C(r) if r > 1 => r; _ => nil } emit 1;'
    expect(itemsOf(text).map(({ kind }) => kind)).toEqual(['expression', 'emit'])
  })

  test('patterns are variants, literals or the wildcard', () => {
    const [item] = itemsOf('match o { A => 1, T.B(x, _) => 2, -1 => 3, "s" => 4, nil => 5, _ => 6 }')
    const match = item?.kind === 'expression' && item.expr.kind === 'match' ? item.expr : null
    expect(match?.arms.map(({ pattern }) => pattern.kind)).toEqual([
      'variant',
      'variant',
      'value',
      'value',
      'value',
      'wildcard',
    ])
    expect(match?.arms[1]?.pattern).toMatchObject({ type: { text: 'T' }, bindings: [{ text: 'x' }, null] })
  })

  test.each([
    'for (x in xs) {}',
    'for x in xs {}',
    'for (k, v) in m {}',
    'for ((k, v) in m) {}',
    'for k, v in m {}',
  ])('%s', (text) => {
    expect(only(text, 'for')).toMatchObject({ iterable: { kind: 'name' } })
  })

  test('let takes apart lists, tuples and maps', () => {
    expect(itemsOf('let [a, ...b] = x; let (c, d) = y; let {e, f} = z;')).toMatchObject([
      { target: { kind: 'list', names: [{ text: 'a' }], rest: { text: 'b' } } },
      { target: { kind: 'list', names: [{ text: 'c' }, { text: 'd' }], rest: null } },
      { target: { kind: 'map', names: [{ text: 'e' }, { text: 'f' }] } },
    ])
  })

  test('try, throw, while, break, continue, else if', () => {
    const text = `try { throw "x"; } catch (e) { emit e; } try {} catch e {} try {} catch {}
      while (a) { if (b) break; else if (c) { continue; } else emit 1; }`
    expect(itemsOf(text).map(({ kind }) => kind)).toEqual(['try', 'try', 'try', 'while'])
  })

  test('a brace begins a block where a statement may stand, and a map where an expression must', () => {
    expect(itemsOf('{ } { let a = 1; }').map(({ kind }) => kind)).toEqual(['block', 'block'])
    const [item] = itemsOf('return { "k": v };')
    expect(item?.kind === 'return' && item.value && bracketed(item.value)).toBe('{"k":v}')
  })

  test('comments of all kinds may stand anywhere', () => {
    expect(itemsOf('/// doc\nfun f() { // →\n /* ── */ }\n// end')).toHaveLength(1)
  })
})
