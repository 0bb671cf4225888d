/**
 * The texts that one may be, as every message names them: `"a"`, `"a" or "b"`, `"a", "b" or "c"`. The message says `X must be` before
 * them, and `, got V` behind.
 */
export function choices(accepted: readonly string[]): string {
  const quoted = accepted.map((one) => JSON.stringify(one))
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
