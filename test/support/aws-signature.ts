import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedRequest {
  readonly method: string
  /** As it was sent: path, and no query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** As it was sent. */
  readonly text: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The signature that AWS would work out of what it received (Signature Version 4), to be compared with the one in `authorization`. */
export function expectedSignature({ method, url, headers, text }: SignedRequest, secret: string): string {
  const { authorization = '' } = headers
  const [, scope = '', names = ''] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(authorization)!
  const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  // Services other than S3 encode a path once more than it was sent.
  const path = url.split('/').map(encodeURIComponent).join('/')
  const canonical = [method, path, '', signed.join(''), names, sha256(text)].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${secret}`)
  return hmac(key, toSign).toString('hex')
}
