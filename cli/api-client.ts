import { lazily } from '../agents/ports/lazily.ts'
import { processEnvironment } from '../runtime/environment.ts'
import { systemSecrets } from '../runtime/secrets.ts'
import { readSettings } from '../runtime/settings.ts'
import { systemClock } from '../runtime/time.ts'
import { CommandError } from './command-error.ts'
import type { Flags } from './flags.ts'

/** Flags of commands that talk to a server. */
export const API_FLAGS = {
  url: {
    type: 'string',
    value: 'URL',
    help: 'server to talk to (default: NEAM_URL, else http://127.0.0.1:8080); its key is NEAM_API_KEY',
  },
} as const satisfies Flags

export interface ApiClient {
  /** A JSON answer. @throws CommandError with the server's message */
  json(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>
  /** An answer of any bytes. @throws CommandError */
  bytes(path: string): Promise<Uint8Array>
}

/** The HTTP API of a server, with the first key that is set as `keyName`. @throws SettingsError */
export function apiClient(
  { url }: { readonly url?: string },
  keyName: 'NEAM_API_KEY' | 'NEAM_ADMIN_KEY' = 'NEAM_API_KEY',
): ApiClient {
  const environment = processEnvironment()
  const base = (url ?? environment.NEAM_URL ?? 'http://127.0.0.1:8080').replace(/\/+$/, '')
  const settings = readSettings(environment, process.cwd())
  const secrets = lazily(() => systemSecrets(environment, settings, systemClock))

  const send = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const key = (await (await secrets()).get(keyName))?.split(',')[0]?.trim()
    let response: Response
    try {
      response = await fetch(base + path, {
        method,
        headers: { ...(key ? { authorization: `Bearer ${key}` } : {}) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (cause) {
      throw new CommandError(`cannot reach ${base}: ${reasonOf(cause)}; is --url right?`, { cause })
    }
    if (!response.ok) throw new CommandError(await refusalOf(response, keyName))
    return response
  }
  return {
    json: async (method, path, body) =>
      (await (await send(method, path, body)).json()) as Readonly<Record<string, unknown>>,
    bytes: async (path) => new Uint8Array(await (await send('GET', path)).arrayBuffer()),
  }
}

/** fetch says "fetch failed" and keeps what happened in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}

async function refusalOf(response: Response, keyName: string): Promise<string> {
  const text = await response.text()
  const hint = response.status === 401 ? `; set ${keyName}` : ''
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    if (typeof message === 'string') return message + hint
  } catch {
    // Not from our server: the status has to do.
  }
  return `${response.url} answered ${response.status}${hint}`
}
