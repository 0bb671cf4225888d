/** How the AWS SDK reaches Bedrock: over the connections that all vendors share. */
import type { Connection } from './openai.ts'

/** A request of the SDK as it was signed: it is sent just so. */
interface SignedRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export const requestHandler = ({ fetch }: Connection) => ({
  metadata: { handlerProtocol: 'http/1.1' },
  async handle(request: SignedRequest, { abortSignal }: { readonly abortSignal?: unknown } = {}) {
    const { method, headers, body = '' } = request
    const {
      status,
      headers: answered,
      body: answer,
    } = await fetch(urlOf(request), {
      method,
      headers,
      body: typeof body === 'string' ? body : new TextDecoder().decode(body),
      // The SDK's own type of signal is a part of the platform's, which is what we give it.
      signal: (abortSignal ?? null) as AbortSignal | null,
    })
    return { response: { statusCode: status, headers: Object.fromEntries(answered), body: answer } }
  },
  updateHttpClientConfig: () => {},
  httpHandlerConfigs: () => ({}),
})

const urlOf = ({ protocol, hostname, port, path }: SignedRequest): string =>
  `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`
