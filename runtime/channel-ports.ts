/** Which `http` channels of a program are served where (chapter 24.6, design 9.19). */
import type { ChannelDecl, Manifest } from '../bytecode/manifest.ts'

/** What a channel without `port` has: it is served at the server's own port, whichever that is. */
const DEFAULT_PORT = 8080

/** Where a request came in, at a server that listens on the ports of channels, too. */
export interface Entrance {
  readonly port: number
  /** The port of the API; the same one for a request that came in there. */
  readonly ownPort: number
}

/** The port that a channel is served at. */
export const portOf = ({ port }: ChannelDecl, ownPort: number): number =>
  port === DEFAULT_PORT ? ownPort : port

/** Whether the API is served there. Null: one place serves everything. */
export const isOwnPort = (entrance: Entrance | null): boolean =>
  entrance === null || entrance.port === entrance.ownPort

const httpChannels = ({ channels }: Manifest): readonly ChannelDecl[] =>
  channels.filter(({ type }) => type === 'http')

/** The channels of a path at a port, or whatever their ports are: there may then be several. */
export const channelsAt = (
  manifest: Manifest,
  path: string,
  entrance: Entrance | null,
): readonly ChannelDecl[] =>
  httpChannels(manifest).filter(
    (channel) =>
      channel.path === path && (entrance === null || portOf(channel, entrance.ownPort) === entrance.port),
  )

/** Whether pages of any origin may use a path. */
export const allowsOrigins = (manifest: Manifest, path: string, entrance: Entrance | null): boolean =>
  channelsAt(manifest, path, entrance).some(({ cors }) => cors)

/** The ports that channels have beside the server's own, each with its channels, in the order of the program. */
export const channelPorts = (
  manifest: Manifest,
  ownPort: number,
): ReadonlyMap<number, readonly ChannelDecl[]> =>
  new Map(
    [...Map.groupBy(httpChannels(manifest), (channel) => portOf(channel, ownPort))].filter(
      ([port]) => port !== ownPort,
    ),
  )

/** What to say where nobody listens on a port that a channel declares: on Lambda. */
export const portWarnings = (manifest: Manifest): readonly string[] =>
  httpChannels(manifest)
    .filter(({ port }) => port !== DEFAULT_PORT)
    .map(
      ({ name, port, path }) =>
        `channel ${name} declares port ${port}, which is ignored: its path ${path} is served where the API is`,
    )
