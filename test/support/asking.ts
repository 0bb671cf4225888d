import { type AskRequest, ask } from '../../agents/claw/ask.ts'
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

/** The answer's text. */
export const say = async (test: TestWorld, text: string, extra: Partial<AskRequest> = {}): Promise<string> =>
  (await ask(test.world, message(test, text, extra))).response
