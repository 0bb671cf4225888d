import type { System } from '../runtime/system.ts'
import type { ChannelPort } from './listeners.ts'
import { isLoopback } from './loopback.ts'
import { packageVersion } from './package-root.ts'

export interface BannerOptions {
  readonly system: System
  /** E.g. `http://127.0.0.1:8080`. */
  readonly url: string
  /** Where channels are served beside it. */
  readonly channelPorts: readonly ChannelPort[]
  readonly host: string
  readonly hasKey: boolean
  /** Processes that serve. */
  readonly workers: number
  /** Most connections of callers to each of them. */
  readonly connections: number
  /** What is wrong with keys that are set, with those of models, and with the isolation of commands. */
  readonly warnings: readonly string[]
}

/** What a started server says: what is served, where the data lies, what is insecure, what to try next. */
export function banner({
  system,
  url,
  channelPorts,
  host,
  hasKey,
  connections,
  workers,
  ...told
}: BannerOptions): string {
  const { manifest, settings } = system
  const names = (kind: 'agent' | 'claw' | 'forge') =>
    manifest.agents.filter((agent) => agent.kind === kind).map((agent) => agent.name)
  const claws = names('claw')
  const forges = names('forge')
  const others = names('agent')
  const shown = (list: readonly string[]) => (list.length > 0 ? list.join(', ') : 'none')
  const auth = hasKey ? ' -H \'Authorization: Bearer \'"$NEAM_API_KEY"' : ''
  const each = workers > 1 ? ', for each worker' : ''
  const lines = [
    `neam-api ${packageVersion()} serves ${manifest.program} at ${url}`,
    `  claw agents   ${shown(claws)}`,
    `  forge agents  ${shown(forges)}`,
    ...(others.length > 0 ? [`  agents        ${shown(others)}`] : []),
    ...channelPorts.map((port) => `  channel port  ${channelPortText(port)}`),
    `  models        ${modelsText(system)}`,
    `  sessions      ${settings.sessionsDir}`,
    `  state         ${settings.stateDir}`,
    `  workspaces    ${settings.workspaceDir ?? settings.cwd}`,
    `  audit         ${auditText(settings)}`,
    `  pools         ${settings.instances} VM instances, ${settings.modelConnections} connections to models${each}`,
    `  callers       ${connections} connections at most${each}`,
    ...(settings.watch ? ['  watching      the program is loaded again when its files change'] : []),
    ...(workers > 1 ? [`  workers       ${workers} processes`] : []),
    ...warnings(host, hasKey, settings.disabled),
    ...told.warnings.map((warning) => `  WARNING       ${warning}`),
    '',
    'Try next:',
    ...claws
      .slice(0, 1)
      .map(
        (name) =>
          `  curl -s -X POST ${url}/api/v1/claw/${name}/sessions/user_42/message${auth} -H 'Content-Type: application/json' -d '{"message": "What is the status of order ORD-12345?"}'`,
      ),
    ...claws
      .slice(0, 1)
      .map((name) => `  curl -s -X POST ${url}/api/v1/claw/${name}/sessions/user_42/reset${auth}`),
    ...forges
      .slice(0, 1)
      .flatMap((name) => [
        `  curl -s -X POST ${url}/api/v1/forge/${name}/start${auth}`,
        `  curl -s ${url}/api/v1/forge/${name}/status${auth}`,
      ]),
    `  curl -s ${url}/health`,
    '',
  ]
  return `${lines.join('\n')}\n`
}

const channelPortText = ({ url, channels }: ChannelPort): string =>
  channels.map(({ name, path }) => `${name} at ${url}${path}`).join(', ')

function modelsText({ settings, manifest }: System): string {
  if (settings.offline) return 'offline (a deterministic stand-in: no key, no network)'
  const declared = manifest.agents.map(({ provider, model }) => `${provider} ${model}`)
  return declared.length === 0 ? 'none' : [...new Set(declared)].join(', ')
}

function auditText({ auditSink, auditLog, logLevel }: System['settings']): string {
  if (auditSink === 'file') return `to ${auditLog}`
  if (auditSink === 'json') return 'to stdout, as JSON lines'
  return auditSink === 'none' || logLevel === 'silent' ? 'none: nothing is recorded' : 'to stderr'
}

function warnings(host: string, hasKey: boolean, disabled: boolean): readonly string[] {
  const local = isLoopback(host)
  return [
    ...(hasKey
      ? []
      : ['  WARNING       no NEAM_API_KEY: everybody who reaches this address may use it and spend money']),
    ...(hasKey || local
      ? []
      : [`  WARNING       and ${host} is reachable from other machines: set NEAM_API_KEY`]),
    ...(local
      ? []
      : [
          '  NOTE          plain HTTP: let a proxy with TLS stand before it, or keys can be read on their way',
        ]),
    ...(disabled ? ['  NOTE          the kill switch is on: agents refuse to work'] : []),
  ]
}
