import { type AskRequest, ask } from '../../agents/claw/ask.ts'
import { says } from './scripted-model.ts'
import type { TestWorld } from './world.ts'

/** A message with everything a request needs besides agent and text. */
export const message = (test: TestWorld, text: string, extra: Partial<AskRequest> = {}): AskRequest => ({
  agent: 'Bot',
  key: 'default',
  message: text,
  deadlineAt: test.clock.now() + 60_000,
  signal: new AbortController().signal,
  ...extra,
})

/** What the memory recalls for a text, as the model reads it: that of each passage. */
export async function recalled(test: TestWorld, text: string): Promise<readonly string[]> {
  test.model.answer(says('ok'))
  await say(test, text)
  return test.model.lastContents
    .flatMap((content) => content.split('\n'))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).text)
}

/** The answer's text. */
export const say = async (test: TestWorld, text: string, extra: Partial<AskRequest> = {}): Promise<string> =>
  (await ask(test.world, message(test, text, extra))).response
