import { Fault, faultText } from '../agents/ports/fault.ts'

/**
 * A function that Lambda or Step Functions shows to people: what it throws carries the sentence, and the code as its
 * type.
 */
export const plainly =
  <E, C, R>(handle: (event: E, context: C) => Promise<R>) =>
  async (event: E, context: C): Promise<R> => {
    try {
      return await handle(event, context)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const plain = new Error(faultText(error), { cause: error })
      plain.name = error.code
      throw plain
    }
  }
