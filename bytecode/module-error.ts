/**
 * Why bytecode was refused. `decode` throws it for bytes that are no module of ours, `Program.link` for a module that
 * fails verification: neither ever runs a part of it.
 */
export class ModuleError extends Error {
  /** Stable word: `bad_magic`, `bad_version`, `truncated`, `damaged`, `trailing_bytes`, `too_large`, or a verifier's. */
  readonly code: string
  /** What the message is made of. */
  readonly data: Readonly<Record<string, unknown>>
  /** Byte of the file where reading stopped; null when no file was read. */
  readonly offset: number | null

  constructor(
    code: string,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
    offset: number | null = null,
  ) {
    super(message)
    this.name = 'ModuleError'
    this.code = code
    this.data = data
    this.offset = offset
  }
}
