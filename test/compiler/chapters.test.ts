// The chapters' programs as they are printed: which compile, and what the compiler says of the others.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { renderAll } from '../../compiler/diagnostics/render.ts'
import { analyseText, places } from '../support/analyse.ts'

const source = (name: string) =>
  readFileSync(new URL(`../chapters/programs/${name}.neam`, import.meta.url), 'utf8')

describe('these compile without a word', () => {
  test.each([
    'ch24-01-stateless',
    'ch24-03-minimal',
    'ch24-04-full-featured',
    'ch24-05-tutor',
    'ch24-08-channels',
    'ch24-11-legacy-manual',
    'ch24-12-migrated',
    'ch24-13-support-bot',
    'ch24-14-legacy-bot',
    'ch25-01-minimal',
    'ch25-03-rust-builder',
    'ch25-04-sealed',
    'ch25-05-verify-exists',
    'ch25-06-verify-tdd',
    'ch25-09-tdd-code-builder',
    'ch28-02-dag',
    'ch28-03-dag-complete',
    'ch28-04-agents',
  ])('%s', (name) => {
    const { program, diagnostics } = analyseText(source(name))
    expect(diagnostics).toEqual([])
    expect(program).not.toBeNull()
  })
})

describe('fragments name what is declared elsewhere in their chapter', () => {
  const fragments: readonly (readonly [name: string, place: string, unknown: string, prelude: string])[] = [
    ['ch24-02-claw-short', 'E5004 5:14', 'cli_channel', 'channel cli_channel { type: "cli" }'],
    ['ch24-06-history-block', 'E5010 3:18', 'Tutor', source('ch24-05-tutor').replace(/^\{[\s\S]*/m, '')],
    ['ch24-07-chatbot', 'E5004 4:14', 'cli_ch', 'channel cli_ch { type: "cli" }'],
    ['ch24-09-lanes', 'E5004 4:14', 'cli_ch', 'channel cli_ch { type: "cli" }'],
    [
      'ch25-02-full-featured',
      'E5002 22:12',
      'SecurityChain',
      'guard g { on_observation(text) { return text; } }\nguardchain SecurityChain = [g];',
    ],
    [
      'ch25-07-outcome-block',
      'E5010 2:17',
      'MyForgeAgent',
      'forge agent MyForgeAgent { provider: "openai" model: "gpt-4o" verify: check }\nfun check(ctx) { return true; }',
    ],
    ['ch28-01-spawn', 'E5008 2:20', 'researcher', 'agent researcher { provider: "openai" model: "gpt-4o" }'],
  ]

  test.each(fragments)('%s: %s', (name, place, unknown) => {
    const analysis = analyseText(source(name))
    expect(places(analysis)).toEqual([place])
    expect(analysis.diagnostics[0]?.message).toContain(`\`${unknown}\``)
    expect(analysis.diagnostics[0]?.help).not.toBeNull()
    expect(analysis.program).toBeNull()
  })

  test.each(fragments)('%s compiles once a prelude declares it', (name, _place, _unknown, prelude) => {
    const { diagnostics } = analyseText(`import "./prelude.neam";\n${source(name)}`, {
      'prelude.neam': prelude,
    })
    expect(diagnostics).toEqual([])
  })
})

describe('the two bad programs are refused as the chapters print it', () => {
  test('chapter 24.8', () => {
    const { diagnostics, files } = analyseText(source('ch24-10-bad-bot'), {}, 'bad_bot.neam')
    expect(renderAll(diagnostics, files)).toBe(`error[E4001]: "verify" is not valid on claw agents.
 --> bad_bot.neam:6:3
  |
6 |   verify: check_tests
  |   ^^^^^^ Use "forge agent" for verification loops.

error[E4003]: "loop" is not valid on claw agents.
 --> bad_bot.neam:7:3
  |
7 |   loop: { max_iterations: 5 }
  |   ^^^^ Use "forge agent" for iterative build loops.
`)
  })

  test('chapter 25.9', () => {
    const { diagnostics, files } = analyseText(source('ch25-08-bad-agent'), {}, 'bad_agent.neam')
    expect(renderAll(diagnostics, files)).toBe(`error[E0451]: forge agent cannot use 'session'
 --> bad_agent.neam:6:3
  |
6 |   session: { history: 50 }
  |   ^^^^^^^ forge agents have no persistent session;
  |           use a claw agent for session-based workflows
`)
  })
})
