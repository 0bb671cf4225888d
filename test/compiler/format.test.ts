import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Module } from '../../bytecode/module.ts'
import { format } from '../../compiler/format/format.ts'
import { tokenize } from '../../compiler/format/tokens.ts'
import { ROOT } from '../support/server.ts'
import { moduleOf } from '../support/system.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const examples = globSync('examples/**/*.neam', { cwd: ROOT })
const programs = globSync('test/programs/**/*.neam', { cwd: ROOT })
const chapters = globSync('test/chapters/programs/*.neam', { cwd: ROOT })

/** What a module does, without where it stands. */
const meaning = ({ functions, constants, manifest }: Module) => ({
  functions: functions.map(({ positions: _, ...rest }) => rest),
  constants,
  manifest: { ...manifest, sourceHash: '' },
})

describe('the canonical layout', () => {
  test.each([
    [
      'spaces around operators, none inside brackets',
      'let x=f( 1,[ a ] )+b*-2 ;',
      'let x = f(1, [a]) + b * -2;',
    ],
    ['braces of one line have room', 'let m={a:1,b:{ }};', 'let m = { a: 1, b: {} };'],
    ['a call has no space before its bracket, a test has one', 'if(f (x)){g ();}', 'if (f(x)) { g(); }'],
    ['slices are tight, entries are not', 'emit xs [ 1 : 3 ] + { "k" :1 };', 'emit xs[1:3] + { "k": 1 };'],
    ['a prefix is glued to its operand', 'emit - x - - 1 ;\nemit ! done;', 'emit -x - -1;\nemit !done;'],
    [
      'types stay together',
      'struct P{x:list < map<string,int> > ?}',
      'struct P { x: list<map<string, int>>? }',
    ],
    ['comparisons do not', 'emit a<b and c>d;', 'emit a < b and c > d;'],
    ['a pipe into a method has room before its dot', 'emit xs|>.f()|>.g();', 'emit xs |> .f() |> .g();'],
    ['a changed copy is no call', 'emit p with(x:1);', 'emit p with (x: 1);'],
    ['lambdas, arms and pipes breathe', 'let f=fn (x)=>x|>g;', 'let f = fn(x) => x |> g;'],
    ['a trailing comment stands one space behind', 'emit 1;    // one   ', 'emit 1; // one'],
    ['an index of a number does not become a number', 'emit 3 . 4 + t . 0;', 'emit 3 .4 + t.0;'],
    [
      'a reserved word behind a dot is a name',
      'emit s . match ("x")[0]+a.in -1;',
      'emit s.match("x")[0] + a.in - 1;',
    ],
    [
      'amounts keep their signs and units',
      'budget b{cost_usd:$ 2.5 max_wall_time:30min}',
      'budget b { cost_usd: $2.5 max_wall_time: 30min }',
    ],
    ['spread and members are tight', 'emit [ ... a . b, c ?];', 'emit [...a.b, c?];'],
    [
      'what strings hold is nobody’s business',
      'emit f"{ a [ \'k\' ] }  {{  ";',
      'emit f"{ a [ \'k\' ] }  {{  ";',
    ],
  ])('%s', (_rule, before, after) => {
    expect(format(before)).toBe(`${after}\n`)
  })

  test('indents by two what a line’s brackets hold, and continued lines', () => {
    const before = [
      'fun f(x) {',
      'if (x) {',
      'g({',
      '"k": [',
      '1,',
      ']',
      '});',
      '}',
      'let text = "a" +',
      '"b";',
      'return xs',
      '.first();',
      '}',
    ]
    const after = [
      'fun f(x) {',
      '  if (x) {',
      '    g({',
      '      "k": [',
      '        1,',
      '      ]',
      '    });',
      '  }',
      '  let text = "a" +',
      '    "b";',
      '  return xs',
      '    .first();',
      '}',
    ]
    expect(format(before.join('\n'))).toBe(`${after.join('\n')}\n`)
  })

  test('keeps one blank line of many, none at the inside of a brace, and line ends as LF', () => {
    expect(format('{\r\n\r\n\r\nemit 1;\r\n\r\n\r\n\r\nemit 2;\r\n\r\n}\r\n\r\n')).toBe(
      '{\n  emit 1;\n\n  emit 2;\n}\n',
    )
  })

  test('keeps lines inside strings and block comments as they are', () => {
    const text = 'let s = """\n      deep\n  shallow\n""";\n/* one\n      two */\nlet t = "a\n     b";\n'
    expect(format(text)).toBe(text)
  })

  test('an empty program is an empty file', () => {
    expect(format(' \n\n ')).toBe('')
  })
})

describe('every program here', () => {
  test.each([...examples, ...programs])('%s is laid out so', (file) => {
    expect(format(read(file))).toBe(read(file))
  })

  test.each(chapters)('%s: formatting twice changes nothing, and no token is lost', (file) => {
    const once = format(read(file))
    expect(format(once)).toBe(once)
    const texts = (text: string) => tokenize(text).map((token) => token.text.trimEnd())
    expect(texts(once)).toEqual(texts(read(file)))
  })

  test.each(programs.filter((file) => !read(file).includes('expect error')))(
    '%s means the same in one long line less',
    (file) => {
      // All white space between tokens is spoilt, but for the line ends that end comments.
      const spoilt = tokenize(read(file))
        .map(({ kind, text }) => (kind === 'comment' ? `${text}\n` : text))
        .join('\n \t ')
      expect(meaning(moduleOf(format(spoilt)))).toEqual(meaning(moduleOf(read(file))))
    },
  )

  test('white space inside lines makes no difference', () => {
    const space = fc.constantFrom(' ', '  ', '\t')
    fc.assert(
      fc.property(fc.constantFrom(...programs), fc.infiniteStream(space), (file, spaces) => {
        const text = read(file)
        const spoilt = tokenize(text)
          .map((token) => {
            const gap = spaces.next().value as string
            return (token.newlines > 0 ? '\n'.repeat(token.newlines) : '') + gap + token.text
          })
          .join('')
        expect(format(spoilt)).toBe(format(text))
      }),
      { numRuns: 60 },
    )
  })
})
