import type { PolicyDecl } from '../../bytecode/manifest.ts'
import { policyOf } from '../limits/policy.ts'
import { Fault } from '../ports/fault.ts'
import type { Scene } from '../turn/scene.ts'
import type { World } from '../world.ts'
import { hostPattern } from './hosts.ts'
import { type LinkRule, stripLinks } from './strip.ts'

/**
 * An answer without the links and images that may not stand in it (docs/untrusted-text.md): those to hosts that `links`
 * of the agent's policy does not name; without the field, in a tainted turn, images of hosts that neither the program
 * nor `message`, which the user wrote, names. Throws `guard_blocked` for a text that cannot be cleaned.
 */
export async function applyLinkRule(
  world: World,
  scene: Scene,
  message: string,
  text: string,
): Promise<string> {
  const rule = linkRule(world, scene, message)
  if (rule === null) return text
  const stripped = await stripLinks(text, rule)
  const audited = {
    agent: scene.agent.name,
    requestId: scene.requestId,
    ...(scene.session === null ? {} : { sessionKey: scene.session.key }),
  }
  if (stripped === null) {
    world.audit.record({ event: 'guard.block', ...audited, metadata: { guard: 'links', phase: 'output' } })
    throw new Fault('guard_blocked', { phase: 'answer', guard: 'links' })
  }
  const { removed } = stripped
  if (removed > 0) world.audit.record({ event: 'links.removed', ...audited, metadata: { links: removed } })
  return stripped.text
}

/** Whether parts of a text that is being written may have to be taken out of it again. */
export const mayStripLinks = (world: World, scene: Pick<Scene, 'agent' | 'taint'>): boolean =>
  scene.taint.isTainted || linksOf(world, scene.agent) !== null

/** The hosts that an agent may link to; null = its policy says nothing of it. */
export const linksOf = (world: World, agent: { readonly policy: string | null }): PolicyDecl['links'] =>
  policyOf(world, agent)?.links ?? null

/** Null: everything may stand. */
function linkRule(world: World, scene: Scene, message: string): LinkRule | null {
  const links = linksOf(world, scene.agent)
  if (links !== null) {
    const patterns = links.flatMap((text) => hostPattern(text) ?? [])
    const isNamed: LinkRule['link'] = (to) =>
      to.kind === 'here' || (to.kind === 'host' && patterns.some((matches) => matches(to.host)))
    return { link: isNamed, image: isNamed }
  }
  if (!scene.taint.isTainted) return null
  const texts = [...programTexts(world), message].map((text) => text.toLowerCase())
  return {
    link: () => true,
    image: (from) =>
      from.kind === 'here' || (from.kind === 'host' && texts.some((text) => names(text, from.host))),
  }
}

/** Prompts, descriptions and all other texts of the program. */
function programTexts(world: World): readonly string[] {
  const { manifest, constants } = world.program.module
  return [
    ...manifest.agents.map(({ system }) => system),
    ...manifest.skills.map(({ description }) => description),
    ...constants.filter((constant) => typeof constant === 'string'),
  ]
}

/** As a whole name, not as the end or the beginning of another one. */
function names(text: string, host: string): boolean {
  for (let at = text.indexOf(host); at !== -1; at = text.indexOf(host, at + 1)) {
    const before = text[at - 1] ?? ' '
    const after = text.slice(at + host.length, at + host.length + 2)
    if (!/[\w.-]/.test(before) && !/^(?:[\w-]|\.\w)/.test(after)) return true
  }
  return false
}
