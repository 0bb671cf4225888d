/** A line of a JSONL file as chapter 25.6 prints it: a space after each colon and comma. */
export const jsonLine = (fields: Readonly<Record<string, string | number | true>>): string =>
  `{${Object.entries(fields)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(', ')}}\n`

/** What must be appended to `existing` so that `line` stands on a line of its own, even after a torn one. */
export const onOwnLine = (existing: string | null, line: string): string =>
  existing && !existing.endsWith('\n') ? `\n${line}` : line

/** The objects of a JSONL file, and what could not be read as one. Blank lines are nothing. */
export function jsonLines(text: string): {
  readonly objects: readonly Readonly<Record<string, unknown>>[]
  readonly others: readonly string[]
} {
  const objects: Readonly<Record<string, unknown>>[] = []
  const others: string[] = []
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '') continue
    const value = parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      objects.push(value as Readonly<Record<string, unknown>>)
    } else {
      others.push(line)
    }
  }
  return { objects, others }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
