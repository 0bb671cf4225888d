import type { Manifest } from '../bytecode/manifest.ts'

/** What a channel without `port` has. */
const DEFAULT_PORT = 8080

/** `http` channels that declare a port where nobody listens: `port` is the server's own, null = it has none (Lambda). */
export const portWarnings = (manifest: Manifest, port: number | null): readonly string[] =>
  manifest.channels
    .filter((one) => one.type === 'http' && one.port !== DEFAULT_PORT && one.port !== port)
    .map(
      (one) =>
        `channel ${one.name} declares port ${one.port}, which is ignored: its path ${one.path} is served where the API is`,
    )
