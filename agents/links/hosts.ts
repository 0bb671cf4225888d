/** Where a link leads; `elsewhere`: to no host that can be told for certain. */
export type Destination =
  | { readonly kind: 'here' }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'elsewhere' }

const ELSEWHERE: Destination = { kind: 'elsewhere' }

/** Browsers and renderers read these in different ways. */
const AMBIGUOUS = /[\\\s\p{Cc}\p{Cf}]/u
const WITH_AUTHORITY = /^(?:([a-z][a-z0-9+.-]*):)?\/\/([^/?#]*)/i
const SCHEME = /^([a-z][a-z0-9+.-]*):(.*)$/is

/**
 * The host that a decoded URL leads to. A URL that could be read in two ways (user names, escapes in the host,
 * backslashes) and every scheme but http, https and mailto is `elsewhere`; a relative one stays on the page's own host.
 */
export function destinationOf(url: string): Destination {
  if (AMBIGUOUS.test(url)) return ELSEWHERE
  const absolute = WITH_AUTHORITY.exec(/^www\./i.test(url) ? `//${url}` : url)
  if (absolute) {
    const [, scheme = 'https', authority = ''] = absolute
    return /^https?$/i.test(scheme) && !/[@%]/.test(authority) ? hostOf(authority) : ELSEWHERE
  }
  const other = SCHEME.exec(url)
  if (other === null) return { kind: 'here' }
  // More than one address, or one in the fields behind `?`, could lead anywhere.
  const address = /^mailto$/i.test(other[1] ?? '') ? /^[^@%?,;]+@([^@%?,;]+)$/.exec(other[2] ?? '') : null
  return address === null ? ELSEWHERE : hostOf(address[1] ?? '')
}

/** As browsers write it: lower case, international names in punycode. */
function hostOf(authority: string): Destination {
  const url = URL.parse(`https://${authority}/`)
  return url === null || url.hostname === '' ? ELSEWHERE : { kind: 'host', host: url.hostname }
}

/** `acme.com`, `*.acme.com` (every name below it) or `*`. Null = it is no such thing. */
export function hostPattern(text: string): ((host: string) => boolean) | null {
  if (text === '*') return () => true
  const isBelow = text.startsWith('*.')
  const name = isBelow ? text.slice(2) : text
  const plain = /^[^/:@%*?#\\\s]+$/.test(name) ? hostOf(name) : ELSEWHERE
  if (plain.kind !== 'host') return null
  return isBelow ? (host) => host.endsWith(`.${plain.host}`) : (host) => host === plain.host
}
