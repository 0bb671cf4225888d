/** A string, a field's name when a colon follows, and what opens, parts and closes objects and lists. */
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\],]/g

/** An object or list that is still open: the names so far, none in a list; where in it the scan is. */
interface Open {
  readonly names: Set<string> | null
  at: string | number
}

/** The first field that stands twice in an object of valid JSON, as `customer.name` or `items.0.name`; null = none. `JSON.parse` keeps the last. */
export function repeatedField(json: string): string | null {
  const open: Open[] = []
  for (const [token, text, colon] of json.matchAll(TOKEN)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ names: new Set(), at: '' })
    else if (token === '[') open.push({ names: null, at: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',') {
      if (typeof inner?.at === 'number') inner.at += 1
    } else if (colon !== undefined && text !== undefined && inner?.names) {
      // Names are compared as they are meant: "a" and "\u0061" are one.
      inner.at = text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1)
      if (inner.names.has(inner.at)) return open.map(({ at }) => at).join('.')
      inner.names.add(inner.at)
    }
  }
  return null
}
