import { subscribe } from 'node:diagnostics_channel'

/** Tells how many milliseconds this process has waited for HTTP answers, by fetch or node:http; overlaps count twice. */
export function modelTime(): () => number {
  const begun = new WeakMap<object, number>()
  let total = 0
  const begin = (message: unknown) => begun.set((message as { request: object }).request, performance.now())
  const end = (message: unknown) => {
    const { request } = message as { request: object }
    total += performance.now() - (begun.get(request) ?? performance.now())
    begun.delete(request)
  }
  subscribe('undici:request:create', begin)
  subscribe('undici:request:trailers', end)
  subscribe('http.client.request.start', begin)
  subscribe('http.client.response.finish', end)
  return () => total
}
