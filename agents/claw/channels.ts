import type { ChannelDecl, ClawDecl, Manifest } from '../../bytecode/manifest.ts'

export type Channel = ChannelDecl

/** Claw agents that listen to a channel, in the order of the program. */
export const listenersOf = (manifest: Manifest, channel: Channel): readonly ClawDecl[] =>
  manifest.agents.filter(
    (agent): agent is ClawDecl => agent.kind === 'claw' && agent.channels.includes(channel.name),
  )

/**
 * Session key of what comes in over a channel (chapter 24.6): `<type>_<user>`, a session for each user, or
 * `group_<channel>` where the policy lets all of them share one.
 */
export const channelKey = ({ name, type, policy }: Channel, user: string): string =>
  policy === 'group' ? `group_${name}` : `${type}_${user}`
