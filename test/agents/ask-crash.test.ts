import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { message, say } from '../support/asking.ts'
import { type MortalWorld, mortalWorld } from '../support/mortal-world.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
budget Calls { api_calls: 20 reset: "never" }
skill charge {
  description: "Charges"
  params: { amount: number }
  impl(amount) { emit "CHARGED"; return "charged"; }
}
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [charge] budget: Calls }
`
const REF = { agent: 'Bot', key: 'default' }
const TURN = { turn: 'T1' }
const UNKNOWN = 'It may have been charged.'

/** Asks for the tool, and then says what came of it. */
const model: Answer = ({ messages }) => {
  const result = messages.at(-1)
  if (result?.role !== 'tool') return calls(['charge', { amount: 5 }])
  return says(result.content === 'charged' ? 'It is charged.' : UNKNOWN)
}
const processOn = (root: string, at?: number): MortalWorld =>
  mortalWorld(PROGRAM, {
    root,
    model: new ScriptedModel().answer(model, model, model, model),
    ...(at ? { at } : {}),
  })

describe('a message whose process is killed at any file operation', () => {
  test('of its second turn is in the history once after its redelivery, and nobody waits for what the dead held', async () => {
    let deaths = 0
    for (let at = 1; ; at += 1) {
      const root = temporaryDirectory({ inMemory: true })
      const hello: Answer = () => says('Hello.')
      const first = mortalWorld(PROGRAM, { root, model: new ScriptedModel().answer(hello, model, model) })
      await say(first, 'Hi')
      first.diesAt(at)
      await ask(first.world, message(first, 'Charge 5', TURN)).catch(() => {})
      if (!first.died()) break
      deaths += 1
      const second = processOn(root)
      const { response } = await ask(second.world, message(second, 'Charge 5', TURN))
      const kept = (await history(second.world, REF)).map(({ content }) => content)
      expect(kept).toEqual(['Hi', 'Hello.', 'Charge 5', response])
      expect([...first.emitted, ...second.emitted].length).toBeLessThan(2)
    }
    expect(deaths).toBeGreaterThan(60)
  }, 120_000)

  test('is in the history once after its redelivery, and its tool ran once at most', async () => {
    const ends = new Set<string>()
    let deaths = 0
    for (let at = 1; ; at += 1) {
      const root = temporaryDirectory({ inMemory: true })
      const earlier = mortalWorld(PROGRAM, { root, model: new ScriptedModel().answer(says('Hello.')) })
      await say(earlier, 'Hi')
      const first = processOn(root, at)
      // What the dead process would have thrown reaches nobody.
      await ask(first.world, message(first, 'Charge 5', TURN)).catch(() => {})
      if (!first.died()) break
      deaths += 1

      const second = processOn(root)
      const found = (await history(second.world, REF)).map(({ content }) => content)
      const { response } = await ask(second.world, message(second, 'Charge 5', TURN))
      const NEW = ['Hi', 'Hello.', 'Charge 5', response]
      expect([NEW.slice(0, 2), NEW]).toContainEqual(found)
      expect((await history(second.world, REF)).map(({ content }) => content)).toEqual(NEW)

      const charged = first.emitted.length + second.emitted.length
      expect(response === UNKNOWN ? [0, 1] : [1]).toContain(charged)
      ends.add(`${response} ${charged}`)

      // At most the call that was cut off is made again, and every call is in the budget.
      const made = first.model.requests.length + second.model.requests.length
      expect([2, 3]).toContain(made)
      const [budget] = second.world.program.module.manifest.budgets
      const { apiCalls } = await second.world.budgets.used(budget!, 0)
      expect(apiCalls).toBeGreaterThanOrEqual(made + 1)

      const third = processOn(root)
      expect(await ask(third.world, message(third, 'Charge 5', TURN))).toMatchObject({ response })
      expect([third.model.requests, third.emitted]).toEqual([[], []])
    }
    expect(deaths).toBeGreaterThan(60)
    // Begun and not finished may mean either: that is told, and not tried again.
    expect([...ends].sort()).toEqual(['It is charged. 1', `${UNKNOWN} 0`, `${UNKNOWN} 1`])
  }, 120_000)
})
