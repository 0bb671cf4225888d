import { describe, expect, test } from '@jest/globals'
import type { TokenCounter, Tokenizers } from '../../agents/ports/tokens.ts'
import { Calibration } from '../../agents/turn/calibration.ts'
import { ESTIMATE, requestTokens } from '../../agents/turn/tokens.ts'
import { tokenizers } from '../../providers/tokenizers.ts'
import { BOT } from '../support/agent-programs.ts'
import { say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { CALL_USAGE, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

/** No compaction: what does not fit is left out of the prompt. */
const botOf = (model: string): string =>
  BOT.replace('gpt-4o-mini', model).replace('channels:', 'session: { compaction: "disabled" } channels:')

/** Of the 8192 tokens of gpt-4. */
const ALLOWED = 6553

/** The real tokenizers, and for which models they were asked. */
function asked(): { readonly models: string[]; readonly tokenizers: Tokenizers } {
  const real = tokenizers()
  const models: string[] = []
  return {
    models,
    tokenizers: {
      for: async (model) => {
        models.push(model)
        return await real.for(model)
      },
    },
  }
}

/** One turn whose answer is `text`, then the next one. */
async function afterAnswer(t: TestWorld, text: string): Promise<void> {
  t.model.answer(says(text), says('ok'))
  await say(t, 'first')
  await say(t, 'second')
}

const isTrimmed = (t: TestWorld): boolean => t.events().includes('session.context_trimmed')

describe('what fits into the window of a model with a public tokenizer', () => {
  const tokensOf = async (t: TestWorld): Promise<number> => {
    const counter: TokenCounter = (await tokenizers().for('gpt-4'))!
    const { messages, tools } = t.model.requests.at(-1)!
    return requestTokens(counter, messages, tools)
  }

  test('is decided without it while even the bytes fit', async () => {
    const { models, tokenizers } = asked()
    const t = testWorld(botOf('gpt-4'), { parts: { tokenizers } })
    await afterAnswer(t, 'x'.repeat(4000))
    expect([models, isTrimmed(t)]).toEqual([[], false])
  })

  test('is more than the estimate says where the text is prose', async () => {
    const t = testWorld(botOf('gpt-4'), { parts: { tokenizers: tokenizers() } })
    // 6,750 tokens by the estimate, 6,001 in truth, 6,553 allowed.
    const prose = 'The quick brown fox jumps over the lazy dog. '.repeat(600)
    expect(ESTIMATE.text(prose)).toBeGreaterThan(ALLOWED)
    await afterAnswer(t, prose)
    expect(t.model.lastContents).toContain(prose)
    expect(await tokensOf(t)).toBeLessThanOrEqual(ALLOWED)
  })

  test('is less than the estimate says where the text is dense', async () => {
    const t = testWorld(botOf('gpt-4'), { parts: { tokenizers: tokenizers() } })
    // 3,500 tokens by the estimate, more than the whole window in truth.
    const dense = Array.from({ length: 3500 }, (_, n) => `${((n * 7919) % 9973).toString(16).slice(-2)}:Q`)
      .join('')
      .slice(0, 14_000)
    expect(ESTIMATE.text(dense)).toBeLessThan(ALLOWED)
    expect((await tokenizers().for('gpt-4'))!.text(dense)).toBeGreaterThan(ALLOWED)
    await afterAnswer(t, dense)
    expect(isTrimmed(t)).toBe(true)
    expect(t.model.lastContents).not.toContain(dense)
  })

  test('a message that the estimate takes for too large is accepted where it is not', async () => {
    const t = testWorld(botOf('gpt-4'), { parts: { tokenizers: tokenizers() } })
    const spaced = `Sum this up:${' '.repeat(40_000)}END`
    t.model.answer(says('ok'))
    expect(await say(t, spaced)).toBe('ok')
    const refused = await faultOf(say(t, 'n0 '.repeat(9000)))
    expect(refused).toMatchObject({ code: 'message_too_large', data: { tokens: 18_001, limit: 8192 } })
  })
})

describe('what fits into the window of any other model', () => {
  const usage = (inputTokens: number) => ({ ...CALL_USAGE, inputTokens })
  const model = 'llama3'

  test('is estimated until it has reported its counts, then by these', async () => {
    const history = 'lorem '.repeat(3000) // 4,500 tokens by the estimate
    const before = testWorld(botOf(model))
    await afterAnswer(before, history)
    expect(isTrimmed(before)).toBe(false)

    const after = testWorld(botOf(model))
    after.model.answer({ text: history, usage: usage(2000) }, says('ok'))
    await say(after, 'x'.repeat(4000)) // about 1,050 tokens by the estimate
    await say(after, 'second')
    expect(isTrimmed(after)).toBe(true)
  })

  const counted = (calibration: Calibration): number => calibration.counter(model).text('x'.repeat(4000))

  test('nothing is learned from small requests and from estimates', () => {
    const calibration = new Calibration()
    calibration.reported(model, 499, usage(5000))
    calibration.reported(model, 1000, { ...usage(5000), estimated: true })
    expect(counted(calibration)).toBe(1000)
  })

  test('each further report moves the count by a fifth of the difference', () => {
    const calibration = new Calibration()
    calibration.reported(model, 1000, usage(1500))
    expect(counted(calibration)).toBe(1500)
    calibration.reported(model, 1000, usage(2000))
    expect(counted(calibration)).toBe(1600)
  })

  test('no report moves it out of what texts can be', () => {
    const low = new Calibration()
    low.reported(model, 1000, usage(0))
    const high = new Calibration()
    high.reported(model, 1000, usage(1_000_000))
    expect([counted(low), counted(high)]).toEqual([750, 4000])
  })

  test('budgets reserve what denser requests took, and never less than the estimate', async () => {
    const budgeted = BOT.replace('gpt-4o-mini', model)
      .replace('channels:', 'budget: Total channels:')
      .concat('budget Total { tokens: 100000 }')
    const reservedAfter = async (inputTokens: number): Promise<number> => {
      const t = testWorld(budgeted)
      t.model.answer({ text: 'ok', usage: usage(inputTokens) }, async () => {
        const { tokens } = await t.world.budgets.used(
          t.world.program.module.manifest.budgets[0]!,
          t.clock.now(),
        )
        return says(String(tokens - inputTokens - 20 - 4096))
      })
      await say(t, 'x'.repeat(8000), { key: 'one' })
      return Number(await say(t, 'x'.repeat(8000), { key: 'two' }))
    }
    const plain = await reservedAfter(100)
    expect(plain).toBeGreaterThan(2000)
    expect(plain).toBeLessThan(2200)
    expect(await reservedAfter(2 * plain)).toBe(2 * plain)
  })

  test('one model learns nothing for another', () => {
    const calibration = new Calibration()
    calibration.reported('mistral', 1000, usage(2000))
    expect(counted(calibration)).toBe(1000)
  })
})
