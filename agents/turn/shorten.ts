/** A text of at most about `limit` characters: long output says most at its start and its end. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text.toWellFormed()
  const half = Math.floor(limit / 2)
  const cut = text.length - 2 * half
  return `${text.slice(0, half)}\n[... ${cut} characters left out ...]\n${text.slice(-half)}`.toWellFormed()
}
