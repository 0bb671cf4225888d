/** What a call has come to. */
export type Progress = typeof READY | typeof ENTERED | typeof SUSPENDED | typeof FINISHED

/** The result is in `fiber.value`. */
export const READY = 0
/** A function of the program is on top, to be run. */
export const ENTERED = 1
/** A promise of the host will bring the result. */
export const SUSPENDED = 2
/** The fiber's own call has returned `fiber.value`. */
export const FINISHED = 3
