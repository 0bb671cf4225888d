/** Random programs: drawn from the grammar, or real ones with tokens lost, doubled, swapped and exchanged. */
import fc from 'fast-check'
import { tokenize } from '../../compiler/format/tokens.ts'

/** What the names below stand for, so that most of what is drawn compiles. */
export const PRELUDE = `let a = 1;
let b = [1, 2, 3];
let c = { "k": "v", n: 2 };
fun f(p, q = 2) { return p; }
fun g() { return [a, b]; }
struct P { x: int, y: int = 0 }
mut struct M { x }
sealed S { One(v), Two }
trait T { fn need(self); fn given(self) { return 1; } }
impl T for P { fn need(self) { return self.x; } }
`

type Texts = fc.Arbitrary<string>

const words = (...parts: (string | Texts)[]): Texts =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join(' '))
const listed = (part: Texts, separator: string, maxLength = 3): Texts =>
  fc.array(part, { maxLength }).map((texts) => texts.join(separator))
const optional = (part: Texts): Texts => fc.oneof({ weight: 3, arbitrary: part }, fc.constant(''))

const name = fc.constantFrom('a', 'b', 'c', 'f', 'x', 'y', 'agent', 'skill', 'default')
/** Names that every place of the programs can see. */
const known = fc.constantFrom('a', 'b', 'c', 'f', 'g', 'len', 'str', 'push')
const number = fc.constantFrom('0', '1', '2.5', '1e3', '7', '0.1')
const literal = fc.oneof(
  number,
  fc.constantFrom(
    'true',
    'false',
    'nil',
    '"s"',
    "'t'",
    '"k\\n\\u{1F600}"',
    '"two\nlines"',
    '"""\n  deep\n    er\n"""',
  ),
)
const binary = fc.constantFrom(
  ...['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>='],
  ...['and', 'or', '&&', '||', 'in', 'not in'],
)
const pattern = fc.oneof(
  literal.filter((text) => !text.startsWith('"""')),
  fc.constantFrom('_', 'One(v)', 'S.One(_)', 'Two', 'S.Two', '-1'),
)

const grammar = fc.letrec<{
  expr: string
  statement: string
  /** A statement inside a loop. */
  looping: string
  block: string
  loop: string
}>((tie) => {
  const { expr, statement, looping, block, loop } = {
    expr: tie('expr'),
    statement: tie('statement'),
    looping: tie('looping'),
    block: tie('block'),
    loop: tie('loop'),
  }
  /** Where a brace would open a block. */
  const unbraced = expr.filter((text) => !text.startsWith('{'))
  const args = listed(expr, ', ')
  const element = fc.oneof({ weight: 4, arbitrary: expr }, words('...', expr))
  const entry = fc.oneof(words(fc.constantFrom('k', '"k"', 'if', '[a]'), ':', expr), words('...', expr))
  const clause = words(fc.constantFrom('x', 'x, y', '(x, y)'), 'in', expr, optional(words('if', expr)))
  const hole = words('{', fc.oneof(known, fc.constant("c['k']"), fc.constant('1 + 2')), '}')
  const arms = (body: Texts): Texts => listed(words(pattern, optional(words('if', expr)), '=>', body), ', ')
  const lambda = words(fc.constantFrom('fn', 'fun'), '(', fc.constantFrom('', 'x', 'x, y = 1'), ')')
  /** A function of a block. */
  const local = words('fun', name, '(', fc.constantFrom('', 'p', 'p, q = "d"'), ')', block)
  /** The statements that hold others; `inner` are those inside, `body` a block of them. */
  const nested = (inner: Texts, body: Texts): Texts[] => [
    words('if (', expr, ')', body, optional(words('else', inner))),
    words('try', body, 'catch', fc.constantFrom('', '(x)', 'y'), body),
    words('match', expr, '{', arms(fc.oneof(unbraced, body, words('emit', expr))), '}'),
    body,
  ]
  const simple = [
    words('let', name, '=', expr, ';'),
    words('const', name, '=', expr, ';'),
    words('let [ x , ... y ] =', expr, ';'),
    words('let { k , n } =', expr, ';'),
    words('emit', expr, ';'),
    words(
      unbraced.filter((text) => !text.startsWith('match')),
      ';',
    ),
    words(fc.constantFrom('a', 'b[0]', 'c.k', 'c["z"]', 'b'), '=', expr, ';'),
    words('for (', fc.constantFrom('x', 'x, y', '(x, y)'), 'in', expr, ')', loop),
    words('while (', expr, ')', loop),
    words('return', optional(expr), ';'),
    words('throw', expr, ';'),
  ]
  return {
    expr: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      { weight: 3, arbitrary: literal },
      { weight: 5, arbitrary: known },
      { weight: 4, arbitrary: words(expr, binary, expr) },
      words(fc.constantFrom('-', '!', 'not'), expr),
      words('(', expr, ')'),
      words('(', expr, '|>', fc.constantFrom('f', 'f(1)', '.len()', '(fn(x) => x)'), ')'),
      words(fc.constantFrom('len', 'print', 'a', '(fn(x) => x)'), '(', args, ')'),
      words('f (', expr, optional(words(',', expr)), ')'),
      fc.constant('g()'),
      words(expr, fc.constantFrom('.k', '.len()', '?', '[0]', '[1:]', '[:2]', '[::2]', '.map(fn(x) => x)')),
      words(expr, '[', expr, ']'),
      words('[', listed(element, ', '), ']'),
      words('{', listed(entry, ', '), '}'),
      words('[', element, 'for', clause, ']'),
      words('{', entry, 'for', clause, '}'),
      words('(', expr, ',', expr, ')'),
      fc
        .array(fc.oneof(hole, fc.constantFrom('text ', '{{', '}}', '\\n', "it's $5%")), { maxLength: 3 })
        .map((parts) => `f"${parts.join('')}"`),
      words(lambda, '=>', unbraced),
      words(lambda, block),
      words('match', expr, '{', arms(unbraced), '}'),
      fc.constantFrom('P(1, 2)', 'P(x: 1)', 'M(a)', 'S.One(b)', 'S.Two', 'P(x: 1) with (y: 3)'),
      words('(', fc.constantFrom('a', 'b[0]', 'c.k'), '=', expr, ')'),
    ),
    block: words('{', listed(fc.oneof({ weight: 9, arbitrary: statement }, local), '\n'), '}'),
    loop: words('{', listed(fc.oneof({ weight: 9, arbitrary: looping }, local), '\n'), '}'),
    statement: fc.oneof({ maxDepth: 4, withCrossShrink: true }, ...simple, ...nested(statement, block)),
    looping: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('break;', 'continue;'),
      ...simple,
      ...nested(looping, loop),
    ),
  }
})

/** Some of `entries` in any order, separated as fields may be. */
const fieldsOf = (required: readonly Texts[], others: readonly Texts[] = []): Texts =>
  fc
    .tuple(
      fc.tuple(...required),
      fc.subarray([...others]).chain((some) => fc.tuple(...some)),
    )
    .chain(([must, may]) => fc.shuffledSubarray([...must, ...may], { minLength: must.length + may.length }))
    .chain((fields) =>
      fc.constantFrom('\n', ', ', ' ', ';\n').map((separator) => `{ ${fields.join(separator)} }`),
    )
const one = (...texts: readonly string[]): Texts => fc.constantFrom(...texts)

const skill = fieldsOf(
  [
    one('description: "does it"'),
    one('impl(p) { return p; }', 'impl: fn(p) => p', 'impl() {}'),
    one(
      'params: { p: string }',
      'params: { p: int = 3, q: string(enum = ["a", "b"]) = "a" }',
      'params: [{ name: "p", schema: { type: "list", description: "d" } }]',
    ),
  ],
  [one('sensitive: true'), one('idempotent: false')],
)
const agentFields = [one('provider: "openai"', "provider: 'ollama'"), one('model: "m"')]
const agentOptions = [
  one('system: "a\nb"', 'system: """\n  a\n    b\n"""', 'system: nil'),
  one('temperature: 0', 'temperature: 0.5'),
  one('skills: []', 'skills: [read_file, own_skill,]'),
  one('guards: [chain]', 'guards: []'),
  one('budget: money', 'budget: nil'),
  one('policy: rules'),
  one('endpoint: "http://127.0.0.1:1"'),
]
/** The declarations of one program, which name each other; they may stand in any order. */
const declarations: readonly Texts[] = [
  words('skill own_skill', skill),
  words(
    'guard watch {',
    optional(one('description: "d"')),
    'on_observation(text) {',
    grammar.statement,
    'return text; }',
    one('', 'on_tool_input(t) -> string { return "block"; }'),
    '}\nguardchain chain = [watch];',
  ),
  words(
    'budget money',
    fieldsOf(
      [],
      [
        one('api_calls: 5'),
        one('cost_usd: 2.5', 'cost_usd: $5', 'max_wall_time: 30min'),
        one('reset: daily', 'reset: "never"'),
      ],
    ),
  ),
  words(
    'policy rules',
    fieldsOf([], [one('allow: [own_skill]'), one('deny: ["x_*"]'), one('default_deny: true')]),
  ),
  words(
    'channel line',
    fieldsOf([one('type: "cli"', 'type: http')], [one('prompt: "> "'), one('port: 80'), one('cors: true')]),
  ),
  words('agent plain', fieldsOf(agentFields, agentOptions)),
  words(
    'claw agent claw_bot',
    fieldsOf(
      [...agentFields, one('channels: [line]')],
      [
        ...agentOptions,
        one('session: { max_history_turns: 5 compaction: "manual" }', 'session { idle_reset_minutes: 0 }'),
        one('lanes: { default: { concurrency: 1 } vip: { priority: "high" } }'),
        one('semantic_memory: { search: "hybrid", top_k: 3 }'),
      ],
    ),
  ),
  words(
    'forge agent builder',
    fieldsOf(
      [...agentFields, one('verify: check', 'verify: fn(ctx) => true')],
      [
        ...agentOptions,
        one('checkpoint: git', 'checkpoint: "none"'),
        one('loop { max_iterations: 3 }', 'loop: {}'),
      ],
    ),
  ),
  words('fun check(ctx)', grammar.block),
  words('impl T for claw_bot { fn need(self)', grammar.block, '}'),
  words('impl M { fn grow(self, by = 1)', grammar.block, 'fn fresh() { return M(0); } }'),
]

const declared: Texts = fc
  .shuffledSubarray([...declarations], { minLength: declarations.length })
  .chain((all) => fc.tuple(...all))
  .map((texts) => texts.join('\n'))

/** Programs that the grammar allows; many of them compile. */
export const grammaticalPrograms: Texts = fc
  .tuple(optional(declared), fc.array(grammar.statement, { minLength: 1, maxLength: 6 }))
  .map(([first, statements]) => [PRELUDE + first, ...statements].join('\n'))

type Edit = (texts: string[], at: number, other: number) => void
const EDITS: readonly Edit[] = [
  (texts, at) => void texts.splice(at, 1),
  (texts, at) => void texts.splice(at, 0, texts[at] ?? ''),
  (texts, at, other) => {
    const held = texts[at]
    if (held === undefined || texts[other] === undefined) return
    texts[at] = texts[other]
    texts[other] = held
  },
  (texts, at, other) => void texts.splice(at, 1, texts[other] ?? ''),
  (texts, at, other) => void texts.splice(Math.min(at, other), Math.abs(at - other) % 12),
]

/** One of `sources` after a few edits of its tokens, each where a number says. */
export const mutatedPrograms = (sources: readonly string[]): Texts =>
  fc
    .tuple(
      fc.constantFrom(...sources),
      fc.array(fc.tuple(fc.constantFrom(...EDITS), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }),
    )
    .map(([source, edits]) => {
      const texts = tokenize(source).map(({ kind, text, newlines }) => {
        const before = newlines > 0 ? '\n' : ' '
        return kind === 'comment' ? `${before}${text}\n` : before + text
      })
      for (const [edit, at, other] of edits) edit(texts, at % texts.length, other % texts.length)
      return texts.join('')
    })
