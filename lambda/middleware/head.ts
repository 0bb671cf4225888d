import type { Middleware } from './middleware.ts'

/** HEAD (RFC 9110, 9.3.2): what GET answers, without the body, whose length is told. */
export function head(): Middleware {
  const cut: Middleware['after'] = ({ event, response }) => {
    if (event.requestContext?.http?.method !== 'HEAD' || !response) return
    const { body = '', isBase64Encoded } = response
    const length = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8')
    response.headers = { ...response.headers, 'content-length': String(length) }
    delete response.body
    delete response.isBase64Encoded
  }
  return { after: cut, onError: cut }
}
