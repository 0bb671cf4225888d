import type { ChannelDecl } from '../../../bytecode/manifest.ts'
import { channelClash } from '../../diagnostics/structure.ts'
import { channelOf } from '../build/channels.ts'
import type { Context } from '../rule.ts'

/** Two HTTP channels with one port and path: a request could mean either (design 9.19). */
export function reportChannelClashes({ declarations, report }: Context): void {
  const first = new Map<string, ChannelDecl>()
  for (const node of declarations.channels) {
    const channel = channelOf(node)
    if (channel.type !== 'http') continue
    const key = `${channel.port} ${channel.path}`
    const other = first.get(key)
    if (other) report(channelClash(node.name, other.name, channel.port, channel.path))
    else first.set(key, channel)
  }
}
