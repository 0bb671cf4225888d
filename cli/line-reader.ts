import { createInterface, type Interface } from 'node:readline/promises'

export interface LineReader {
  /** Somebody sits there and can be asked. */
  readonly interactive: boolean
  /** Shows the prompt and gives the next line of standard input, null at its end or when `signal` aborts before. */
  read(prompt: string, signal?: AbortSignal): Promise<string | null>
  close(): void
}

/** Standard input line by line, opened at the first question. */
export function lineReader(): LineReader {
  let reader: Interface | null = null
  let lines: AsyncIterator<string> | null = null
  let next: Promise<IteratorResult<string>> | null = null
  return {
    interactive: process.stdin.isTTY === true,
    async read(prompt, signal) {
      process.stdout.write(prompt)
      reader ??= createInterface({ input: process.stdin })
      lines ??= reader[Symbol.asyncIterator]()
      // A line that nobody waited for any more belongs to the next question.
      next ??= lines.next()
      const line = await Promise.race([next, aborted(signal)])
      if (line === null) return null
      next = null
      return line.done ? null : line.value
    },
    close: () => reader?.close(),
  }
}

const aborted = (signal?: AbortSignal): Promise<null> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve(null)
    signal?.addEventListener('abort', () => resolve(null), { once: true })
  })
