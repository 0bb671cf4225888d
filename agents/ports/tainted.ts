/** A mark of records and answers, which is told where it is so only: text of strangers may have a part in them (decision 010). */
export interface Tainted {
  readonly tainted?: true
}

/** The mark, to be spread into what may be tainted. */
export const taintedIf = (isTainted: boolean | undefined): Tainted => (isTainted ? { tainted: true } : {})
