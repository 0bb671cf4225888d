import { describe, expect, test } from '@jest/globals'
import type { ConfirmationDecision, ConfirmationStore } from '../../agents/ports/confirmations.ts'
import { faultOf } from '../support/faults.ts'
import { CONFIRMATION } from '../support/fs-scenarios.ts'

const decision = (action: ConfirmationDecision['action'], by: string): ConfirmationDecision => ({
  action,
  by,
  at: Date.UTC(2026, 10, 21, 10, 1),
})

/** `open()` is another process on the same tree each time. */
export function confirmationStoreContract(fresh: () => { open(): ConfirmationStore }): void {
  describe('confirmation store', () => {
    test('a request is kept once and pending until it is decided, for every process', async () => {
      const place = fresh()
      expect(await place.open().open(CONFIRMATION)).toEqual({
        request: CONFIRMATION,
        decision: null,
        opened: true,
      })
      const again = { ...CONFIRMATION, expiresAt: CONFIRMATION.expiresAt + 1000 }
      expect(await place.open().open(again)).toEqual({
        request: CONFIRMATION,
        decision: null,
        opened: false,
      })
      expect(await place.open().pending()).toEqual([{ request: CONFIRMATION, decision: null }])
      await place.open().decide(CONFIRMATION.id, decision('deny', 'ann'))
      expect(await place.open().pending()).toEqual([])
      expect((await place.open().get(CONFIRMATION.id))?.decision).toEqual(decision('deny', 'ann'))
    })

    test('of two decisions at once the first stands, and both learn which', async () => {
      const place = fresh()
      await place.open().open(CONFIRMATION)
      const [ann, bob] = await Promise.all([
        place.open().decide(CONFIRMATION.id, decision('approve', 'ann')),
        place.open().decide(CONFIRMATION.id, decision('deny', 'bob')),
      ])
      expect([ann.won, bob.won].filter(Boolean)).toHaveLength(1)
      expect(ann.decision).toEqual(bob.decision)
      expect(ann.decision.by).toBe(ann.won ? 'ann' : 'bob')
    })

    test('an approval is spent once, and what its tool gave is kept', async () => {
      const place = fresh()
      await place.open().open(CONFIRMATION)
      expect(await place.open().spend(CONFIRMATION.id)).toBe(true)
      expect(await place.open().result(CONFIRMATION.id)).toBeNull()
      expect(await place.open().spend(CONFIRMATION.id)).toBe(false)
      await place.open().keepResult(CONFIRMATION.id, { content: 'paid', isError: false })
      await place.open().keepResult(CONFIRMATION.id, { content: 'other', isError: true })
      expect(await place.open().result(CONFIRMATION.id)).toEqual({ content: 'paid', isError: false })
    })

    test.each(['', '..', '../runs', 'ffffffffffffffffffffffffffffffff', 'X'.repeat(32)])(
      'an id that was never given (%p) is no confirmation',
      async (id) => {
        const store = fresh().open()
        expect(await store.get(id)).toBeNull()
        expect((await faultOf(store.decide(id, decision('approve', 'ann')))).code).toBe(
          'confirmation_not_found',
        )
      },
    )

    test('of a session are found, and one that is forgotten keeps who decided what, and no content', async () => {
      const place = fresh()
      const store = place.open()
      const other = { ...CONFIRMATION, id: 'f'.repeat(32), place: { ...CONFIRMATION.place, key: 'bob' } }
      for (const request of [CONFIRMATION, other]) await store.open(request)
      await store.decide(CONFIRMATION.id, decision('approve', 'ann'))
      await store.spend(CONFIRMATION.id)
      await store.keepResult(CONFIRMATION.id, { content: 'paid', isError: false })
      const ref = { agent: 'Bot', key: 'alice' }
      expect((await place.open().ofSession(ref)).map(({ request }) => request.id)).toEqual([CONFIRMATION.id])
      await store.forget(CONFIRMATION.id)
      expect(await place.open().get(CONFIRMATION.id)).toEqual({
        request: { ...CONFIRMATION, arguments: '{}' },
        decision: decision('approve', 'ann'),
      })
      expect(await place.open().result(CONFIRMATION.id)).toBeNull()
      expect(await place.open().spend(CONFIRMATION.id)).toBe(false)
      expect((await place.open().get(other.id))?.request).toEqual(other)
    })

    test('pending requests come oldest first', async () => {
      const store = fresh().open()
      const at = (minute: number) => ({
        ...CONFIRMATION,
        id: String(minute).padStart(32, '0'),
        requestedAt: Date.UTC(2026, 10, 21, 10, minute),
      })
      for (const minute of [2, 1, 3]) await store.open(at(minute))
      expect((await store.pending()).map(({ request }) => Number(request.id))).toEqual([1, 2, 3])
    })
  })
}
