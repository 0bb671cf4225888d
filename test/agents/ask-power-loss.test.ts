import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { message, say } from '../support/asking.ts'
import { mortalWorld } from '../support/mortal-world.ts'
import { losingFs } from '../support/power-loss.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
skill charge {
  description: "Charges"
  params: { amount: number }
  impl(amount) { emit "CHARGED"; return "charged"; }
}
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [charge] }
`
const REF = { agent: 'Bot', key: 'default' }
const TURN = { turn: 'T1' }

/** Asks for the tool, and then says what came of it, in words that it never uses twice. */
function modelOf(process: string): ScriptedModel {
  const answer: Answer = ({ messages }) => {
    const result = messages.at(-1)
    return result?.role === 'tool'
      ? says(`${result.content}, says ${process}`)
      : calls(['charge', { amount: 5 }])
  }
  return new ScriptedModel().answer(answer, answer, answer, answer)
}

const contents = async (world: Parameters<typeof history>[0]) =>
  (await history(world, REF)).map(({ content }) => content)

/** A message to a session that has one already, by a process that ends at its `at`-th file operation; then the power goes. */
async function cutAt(at?: number) {
  const root = temporaryDirectory({ inMemory: true })
  const disk = losingFs(nodeFs)
  const earlier = mortalWorld(PROGRAM, {
    root,
    fs: disk.fs,
    model: new ScriptedModel().answer(says('Hello.')),
  })
  await say(earlier, 'Hi')
  const first = mortalWorld(PROGRAM, { root, fs: disk.fs, model: modelOf('first'), ...(at ? { at } : {}) })
  // What the dead process would have thrown reaches nobody.
  const answer = await ask(first.world, message(first, 'Charge 5', TURN)).catch(() => null)
  const left = temporaryDirectory({ inMemory: true })
  disk.cut(root, left)
  return { first, answer, left }
}

describe('when the power goes', () => {
  test('at any file operation of a turn, its redelivery finds it once in the history, and its tool ran once at most', async () => {
    let deaths = 0
    for (let at = 1; ; at += 1) {
      const { first, left } = await cutAt(at)
      if (!first.died()) break
      deaths += 1
      const second = mortalWorld(PROGRAM, { root: left, model: modelOf('second') })
      const { response } = await ask(second.world, message(second, 'Charge 5', TURN))
      expect(await contents(second.world)).toEqual(['Hi', 'Hello.', 'Charge 5', response])
      expect([...first.emitted, ...second.emitted].length).toBeLessThan(2)
      const third = mortalWorld(PROGRAM, { root: left, model: modelOf('third') })
      expect(await ask(third.world, message(third, 'Charge 5', TURN))).toMatchObject({ response })
    }
    expect(deaths).toBeGreaterThan(40)
  }, 120_000)

  test('after an answer was given, the history has it, and its redelivery gets it without a call of the model', async () => {
    const { first, answer, left } = await cutAt()
    expect([answer?.response, first.died()]).toEqual(['charged, says first', false])
    const second = mortalWorld(PROGRAM, { root: left, model: modelOf('second') })
    expect(await ask(second.world, message(second, 'Charge 5', TURN))).toMatchObject({
      response: 'charged, says first',
      status: 'completed',
    })
    expect([second.model.requests, second.emitted]).toEqual([[], []])
    expect(await contents(second.world)).toEqual(['Hi', 'Hello.', 'Charge 5', 'charged, says first'])
  })
})
