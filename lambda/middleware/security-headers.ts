import type { Middleware } from './middleware.ts'

export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
} as const

/** An API of JSON: nothing is cached, sniffed, framed or referred to. */
export function securityHeaders(): Middleware {
  const add: Middleware['after'] = ({ response }) => {
    if (response) response.headers = { ...SECURITY_HEADERS, ...response.headers }
  }
  return { after: add, onError: add }
}
