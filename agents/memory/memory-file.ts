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
  const lines = (file === '' ? TITLE : file).trimEnd().split('\n')
  const heading = headingOf(session)
  const [start, end] = sectionOf(lines, heading)
  const known = new Set(start === -1 ? [] : lines.slice(start, end))
  const fresh = [...new Set(facts.map((fact) => `- ${fact}`))].filter((line) => !known.has(line))
  if (fresh.length === 0) return file
  const before = lines.slice(0, end).join('\n').trimEnd()
  const added = [...(start === -1 ? ['', heading] : []), '', `### ${time}`, '', ...fresh]
  return `${[before, ...added, ...(end === lines.length ? [] : ['', ...lines.slice(end)])].join('\n')}\n`
}

/** A MEMORY.md without the section of a session. */
export function withoutSession(file: string, session: string): string {
  const lines = file.split('\n')
  const [start, end] = sectionOf(lines, headingOf(session))
  return start === -1 ? file : [...lines.slice(0, start), ...lines.slice(end)].join('\n')
}

/** A MEMORY.md without one fact of a session; the time over it goes when nothing else stands below it. */
export function withoutFact(file: string, session: string, fact: string): string {
  const lines = file.split('\n')
  const [start, end] = sectionOf(lines, headingOf(session))
  const at = start === -1 ? -1 : lines.indexOf(`- ${fact}`, start)
  if (at === -1 || at >= end) return file
  const isAlone =
    lines[at - 2]?.startsWith('### ') === true && lines[at - 1] === '' && !lines[at + 1]?.startsWith('- ')
  return isAlone ? lines.toSpliced(at - 2, 4).join('\n') : lines.toSpliced(at, 1).join('\n')
}

/** As JSON, because a key may hold line ends. */
const headingOf = (session: string): string => `## Session ${JSON.stringify(session)}`

/** Where a section begins, -1 = it is not there, and where the next one does. */
function sectionOf(lines: readonly string[], heading: string): readonly [start: number, end: number] {
  const start = lines.indexOf(heading)
  const next = start === -1 ? -1 : lines.findIndex((line, index) => index > start && /^##? /.test(line))
  return [start, next === -1 ? lines.length : next]
}
