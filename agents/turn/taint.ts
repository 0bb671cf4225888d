import type { World } from '../world.ts'
import type { Scene } from './scene.ts'

/**
 * Whether text of strangers is in a turn, an iteration or a running program, and where it came from (decision 010). It
 * only ever grows: what a model has read cannot be taken out of what it writes.
 */
export class Taint {
  readonly #sources: Set<string>
  #additions = 0

  constructor(sources: readonly string[] = []) {
    this.#sources = new Set(sources)
  }

  /** In words, the first one first: `the result of read_page`. Empty = no text of strangers. */
  get sources(): readonly string[] {
    return [...this.#sources]
  }

  get isTainted(): boolean {
    return this.#sources.size > 0
  }

  /** How often something was added: whoever compares it learns whether what it called has brought any. */
  get additions(): number {
    return this.#additions
  }

  /** True when there was no text of strangers before. */
  add(...sources: readonly string[]): boolean {
    const before = this.#sources.size
    for (const source of sources) this.#sources.add(source)
    this.#additions += sources.length
    return before === 0 && this.#sources.size > 0
  }
}

/** Told once a turn: from here on, external effects need a person. `tool`: whose result it was; null = the prompt's. */
export function recordTaint(
  world: Pick<World, 'audit'>,
  scene: Pick<Scene, 'agent' | 'session' | 'requestId' | 'taint'>,
  tool: string | null,
): void {
  world.audit.record({
    event: 'injection.taint',
    agent: scene.agent.name,
    requestId: scene.requestId,
    detail: taintText(scene.taint.sources),
    ...(tool === null ? {} : { tool }),
    ...(scene.session === null ? {} : { sessionKey: scene.session.key }),
  })
}

/** The sources of taints, in words. */
export const TAINT_SOURCE = {
  result: (skill: string) => `the result of ${skill}`,
  answer: (agent: string) => `the answer of ${agent}`,
  history: 'what was said before in this session',
  otherSession: 'the history of a session',
  memory: 'what is remembered of earlier conversations',
  caller: 'what was read by whoever asked for the run',
  earlierTry: 'an earlier try of this iteration',
} as const

/** For a person who is to decide: where the text came from, shortened to what fits in a line. */
export function taintText(sources: readonly string[]): string {
  const shown = sources.slice(0, MOST_SHOWN).join(', ')
  return sources.length > MOST_SHOWN ? `${shown} and ${sources.length - MOST_SHOWN} more` : shown
}

const MOST_SHOWN = 3
