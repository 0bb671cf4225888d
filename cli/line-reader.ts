import { createInterface, type Interface } from 'node:readline/promises'

export interface LineReader {
  /** Shows the prompt and gives the next line of standard input, null at its end. */
  read(prompt: string): Promise<string | null>
  close(): void
}

/** Standard input line by line, opened at the first question. */
export function lineReader(): LineReader {
  let reader: Interface | null = null
  let lines: AsyncIterator<string> | null = null
  return {
    async read(prompt) {
      process.stdout.write(prompt)
      reader ??= createInterface({ input: process.stdin })
      lines ??= reader[Symbol.asyncIterator]()
      const { done, value } = await lines.next()
      return done ? null : value
    },
    close: () => reader?.close(),
  }
}
