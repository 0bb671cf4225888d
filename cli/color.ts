/** What can be written to and may be a terminal: process.stderr. */
interface Stream {
  readonly isTTY?: boolean
  hasColors?(): boolean
}

/** Whether to write in colour there: on a terminal that has some, unless NO_COLOR (which Node reads) or `--no-color` forbids. */
export const isColored = (stream: Stream, argv: readonly string[] = process.argv): boolean =>
  stream.isTTY === true && stream.hasColors?.() === true && !argv.includes('--no-color')
