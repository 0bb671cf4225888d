import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { breaches, breachesIn } from '../scripts/import-rules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('import directions', () => {
  test('hold in every folder', () => {
    expect(breaches(root)).toEqual([])
  })

  const planted: readonly (readonly [claim: string, file: string, source: string, problem: string])[] = [
    [
      'the VM knows no source text',
      'vm/a.ts',
      "import { x } from '../compiler/x.ts'",
      'vm may not import compiler/x.ts',
    ],
    [
      'type imports count',
      'vm/a.ts',
      "import type { X } from '../agents/x.ts'",
      'vm may not import agents/x.ts',
    ],
    [
      're-exports count',
      'bytecode/a.ts',
      "export { x } from '../vm/x.ts'",
      'bytecode may not import vm/x.ts',
    ],
    [
      'lazy imports count',
      'lambda/a.ts',
      "const x = await import('../compiler/x.ts')",
      'lambda may not import compiler/x.ts',
    ],
    [
      'several lines count',
      'agents/a.ts',
      "import {\n  x,\n} from '../stores/tree/x.ts'",
      'agents may not import stores/tree/x.ts',
    ],
    [
      'adapters know ports only',
      'providers/a.ts',
      "import '../agents/claw/ask.ts'",
      'providers may not import agents/claw/ask.ts',
    ],
    [
      'the stack never imports handlers',
      'lib/a.ts',
      "import '../lambda/handlers.ts'",
      'lib may not import lambda/handlers.ts',
    ],
    [
      'no built-ins in the middle',
      'agents/a.ts',
      "import fs from 'node:fs'",
      'agents may not use node:fs: ask a port',
    ],
    ['no clock in the middle', 'vm/a.ts', 'const now = Date.now()', 'vm may not use Date.: ask a port'],
    [
      'no SDK outside its place',
      'agents/a.ts',
      "import OpenAI from 'openai'",
      'agents may not import package openai',
    ],
    ['CDK only in lib', 'lambda/a.ts', "import 'aws-cdk-lib'", 'lambda may not import package aws-cdk-lib'],
  ]
  test.each(planted)('refuse a planted breach: %s', (_claim, file, source, problem) => {
    expect(breachesIn(file, source).map((breach) => breach.problem)).toEqual([problem])
  })

  test('comments and strings are no imports', () => {
    expect(
      breachesIn('vm/a.ts', "// import '../compiler/x.ts'\n/* Date.now() */\nexport const x = 'a'\n"),
    ).toEqual([])
  })
})
