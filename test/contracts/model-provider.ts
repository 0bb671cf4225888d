import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ModelProvider } from '../../agents/ports/model.ts'
import { LOOKUP_ORDER, modelRequest } from '../support/model-bench.ts'

/** What a provider under test must be able to set up. */
export interface ModelProviderSubject {
  readonly provider: ModelProvider
  /** Milliseconds: a deadline far enough away. */
  readonly deadlineAt: number
  /** Prepares a vendor that is scripted; one that thinks for itself has nothing to do. */
  expectText(text: string): void
  expectCall(name: string, given: string): void
}

const QUESTION = 'What is the status of order ORD-12345?'

/** The promises of the ModelProvider port, which every provider keeps. */
export function modelProviderContract(name: string, make: () => Promise<ModelProviderSubject>): void {
  describe(`${name} as a model provider`, () => {
    let subject: ModelProviderSubject
    beforeEach(async () => {
      subject = await make()
    })
    const options = (signal = new AbortController().signal) => ({ signal, deadlineAt: subject.deadlineAt })

    test('answers with text, a stop reason and its usage', async () => {
      subject.expectText('Hello there')
      const reply = await subject.provider.complete(modelRequest('Hello'), options())
      expect(reply.text).not.toBe('')
      expect(reply).toMatchObject({ toolCalls: [], stopReason: 'stop' })
      expect(reply.usage.inputTokens).toBeGreaterThan(0)
      expect(reply.usage.outputTokens).toBeGreaterThan(0)
      expect(reply.usage.cachedTokens).toBeLessThanOrEqual(reply.usage.inputTokens)
    })

    test('asks for a tool with JSON arguments and an id', async () => {
      subject.expectCall('lookup_order', '{"order_id":"ORD-12345"}')
      const reply = await subject.provider.complete(
        modelRequest(QUESTION, { tools: [LOOKUP_ORDER] }),
        options(),
      )
      expect(reply.stopReason).toBe('tool_calls')
      expect(reply.toolCalls).toHaveLength(1)
      expect(reply.toolCalls[0]!.id).not.toBe('')
      expect(reply.toolCalls[0]!.name).toBe('lookup_order')
      expect(JSON.parse(reply.toolCalls[0]!.arguments)).toEqual({ order_id: 'ORD-12345' })
    })

    test('goes on from the result of a tool', async () => {
      subject.expectText('It is shipped')
      const call = { id: 'call_1', name: 'lookup_order', arguments: '{"order_id":"ORD-12345"}' }
      const reply = await subject.provider.complete(
        modelRequest(
          [
            { role: 'user', content: QUESTION },
            { role: 'assistant', content: '', toolCalls: [call] },
            { role: 'tool', callId: 'call_1', name: 'lookup_order', content: 'shipped' },
          ],
          { tools: [LOOKUP_ORDER] },
        ),
        options(),
      )
      expect(reply.text).toContain('shipped')
      expect(reply.toolCalls).toEqual([])
    })

    test('takes feedback in last position, empty messages and text that is not well formed', async () => {
      subject.expectText('ok')
      const reply = await subject.provider.complete(
        modelRequest([
          { role: 'system', content: 'half a pair: \ud83d' },
          { role: 'user', content: '' },
          { role: 'user', content: 'Current task: x \udc00' },
          { role: 'assistant', content: 'No tests found.' },
        ]),
        options(),
      )
      expect(reply.text.isWellFormed()).toBe(true)
    })

    test('rejects with the reason of a signal that is aborted already', async () => {
      const reason = new Error('stopped by hand')
      await expect(
        subject.provider.complete(modelRequest('Hello'), options(AbortSignal.abort(reason))),
      ).rejects.toBe(reason)
    })

    test('serves calls at the same time', async () => {
      for (let n = 0; n < 5; n++) subject.expectText('Hello')
      const replies = await Promise.all(
        Array.from({ length: 5 }, () => subject.provider.complete(modelRequest('Hello'), options())),
      )
      expect(new Set(replies.map((reply) => reply.text)).size).toBe(1)
    })
  })
}
