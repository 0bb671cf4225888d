import { checkAnswer } from './check-answer.ts'

/** The fetch of tests that speak with a server of ours: fails for an answer that /openapi.json does not describe. */
export async function fetch(url: string | URL, options: RequestInit = {}): Promise<Response> {
  const response = await globalThis.fetch(url, options)
  const { pathname, search } = new URL(url)
  checkAnswer(options.method ?? 'GET', pathname + search, {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.clone().arrayBuffer()),
  })
  return response
}
