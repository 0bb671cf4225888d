import type { SessionRef, SessionStore, TurnRecord, TurnStep } from '../ports/sessions.ts'

/** Keeps each finished step of a turn before its result is used, so that a crash repeats none of them (design 5). */
export interface StepJournal {
  /** Steps finished by an earlier try, in order. */
  readonly recorded: readonly TurnStep[]
  /** Numbers of the tool calls that an earlier try began. */
  readonly begun: ReadonlySet<number>
  /** A tool call is about to start. */
  begin(index: number): Promise<void>
  /** Answers the step that counts: that of another worker on the same turn when it was faster. */
  record(index: number, step: TurnStep): Promise<TurnStep>
}

/** The journal of a session's turn. `earlier` is what the store holds of it, null for a new turn. */
export const sessionJournal = (
  sessions: SessionStore,
  ref: SessionRef,
  turn: string,
  earlier: TurnRecord | null,
): StepJournal => ({
  recorded: earlier?.steps ?? [],
  begun: new Set(earlier?.begun ?? []),
  begin: (index) => sessions.beginStep(ref, turn, index),
  async record(index, step) {
    if (await sessions.recordStep(ref, turn, index, step)) return step
    const standing = await sessions.turn(ref, turn)
    return standing?.steps[index] ?? step
  },
})
