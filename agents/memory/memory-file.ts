/** Below the agent's workspace (chapter 28.2). */
export const MEMORY_FILE = 'MEMORY.md'

const TITLE = '# Memory\n'

/**
 * A MEMORY.md with further facts in the section of a session, under the time they were found. The file is a copy for
 * people to read: what they wrote into it stays as it is, and a fact that the section holds already is not repeated.
 */
export function withFacts(
  file: string,
  session: string,
  facts: readonly string[],
  /** ISO 8601. */
  time: string,
): string {
  // As JSON, because a key may hold line ends.
  const heading = `## Session ${JSON.stringify(session)}`
  const lines = (file === '' ? TITLE : file).trimEnd().split('\n')
  const start = lines.indexOf(heading)
  const next = start === -1 ? -1 : lines.findIndex((line, index) => index > start && /^##? /.test(line))
  const end = next === -1 ? lines.length : next
  const known = new Set(start === -1 ? [] : lines.slice(start, end))
  const fresh = [...new Set(facts.map((fact) => `- ${fact}`))].filter((line) => !known.has(line))
  if (fresh.length === 0) return file
  const before = lines.slice(0, end).join('\n').trimEnd()
  const added = [...(start === -1 ? ['', heading] : []), '', `### ${time}`, '', ...fresh]
  return `${[before, ...added, ...(next === -1 ? [] : ['', ...lines.slice(end)])].join('\n')}\n`
}
