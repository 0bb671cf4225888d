import { describe, expect, test } from '@jest/globals'
import { analyseText, places } from '../support/analyse.ts'

describe('imports', () => {
  test('run before the file that names them, each once, relative to that file', () => {
    const { program, files, diagnostics } = analyseText(
      'import "./lib/a.neam";\nimport "./b.neam";\nemit a + b;',
      { 'lib/a.neam': 'import "../b.neam";\nlet a = b;', 'b.neam': 'let b = 1;' },
    )
    expect(diagnostics).toEqual([])
    expect(files.map((file) => file.name)).toEqual(['program.neam', 'lib/a.neam', 'b.neam'])
    expect(program?.files).toEqual(['program.neam', 'lib/a.neam', 'b.neam'])
    expect(program?.items.map(({ kind, span }) => `${kind} ${span.file}`)).toEqual([
      'let 2',
      'let 1',
      'emit 0',
    ])
  })

  test('bring declarations that agents name', () => {
    const { diagnostics } = analyseText(
      'import "./skills.neam";\nagent A { provider: "openai" model: "m" skills: [double] }',
      {
        'skills.neam':
          'skill double { description: "Double" params: { n: number } impl(n) { return n * 2; } }',
      },
    )
    expect(diagnostics).toEqual([])
  })

  test('may stand beside a program in a folder', () => {
    const { diagnostics } = analyseText(
      'import "./x.neam"; emit x;',
      { 'deep/down/x.neam': 'let x = 1;' },
      'deep/down/main.neam',
    )
    expect(diagnostics).toEqual([])
  })

  test('in a circle are reported once, with the circle', () => {
    const analysis = analyseText('import "./a.neam";', { 'a.neam': 'import "./program.neam";' })
    expect(places(analysis)).toEqual(['E0009 1:8'])
    expect(analysis.diagnostics[0]?.notes).toEqual(['program.neam -> a.neam -> program.neam'])
    expect(analysis.diagnostics[0]?.span.file).toBe(1)
  })

  test('of what is not there are reported at the path', () => {
    expect(places(analyseText('let x = 1;\nimport "./none.neam";'))).toEqual(['E0008 2:8'])
  })

  test.each(['/etc/x.neam', 'http://x/y.neam', './x.txt', 'C:\\x.neam', './a//b.neam', ''])(
    'of %j are refused',
    (path) => {
      expect(places(analyseText(`import ${JSON.stringify(path)};`))).toEqual(['E0010 1:8'])
    },
  )

  test('errors of all files come together', () => {
    const { diagnostics } = analyseText('let = 1;\nimport "./a.neam";', { 'a.neam': 'emit ;' })
    expect(diagnostics.map(({ code, span }) => `${code} ${span.file}`)).toEqual(['E0001 0', 'E0001 1'])
  })

  test('a name declared in two files is declared twice', () => {
    const { diagnostics } = analyseText('import "./a.neam";\nfun f() {}', { 'a.neam': 'fun f() {}' })
    expect(diagnostics.map(({ code }) => code)).toEqual(['E4017'])
    expect(diagnostics[0]?.notes).toEqual(['first declared at program.neam:2:5'])
  })
})
