import type { FactFile, MemorySource, MemoryStore } from '../../agents/ports/memory.ts'
import type { SessionRef, StoredMessage } from '../../agents/ports/sessions.ts'
import { taintedIf } from '../../agents/ports/tainted.ts'
import type { Files } from './files.ts'
import { byVersion } from './records.ts'
import { messageLines, readLines } from './session-file.ts'
import type { SessionPaths } from './session-paths.ts'

const ARCHIVE = 'archive'
const FACTS = 'memory'
/**
 * A file is written once; only what a crash interrupted is written again, and that is among the newest. Of the others nothing
 * but the name is asked for: on a network file system each question takes a millisecond, and there may be 100,000.
 */
const UNSETTLED = 64

/** Only people decide on single facts: no message needs this. */
const factFiles = () => import('./fact-files.ts')

/** What is remembered of a session: its `archive/`, and facts in `memory/`, in the same line format. */
export class TreeMemoryStore implements MemoryStore {
  readonly #files: Files
  readonly #paths: SessionPaths

  constructor(options: { readonly files: Files; readonly paths: SessionPaths }) {
    this.#files = options.files
    this.#paths = options.paths
  }

  async keepFacts(ref: SessionRef, found: Parameters<MemoryStore['keepFacts']>[1]): Promise<void> {
    const { sessionId, seq, facts, ts, isTainted } = found
    const lines = messageLines(
      facts.map((content) => ({ role: 'system', content, ts, ...taintedIf(isTainted) })),
    )
    this.#files.replace(`${this.#paths.directory(ref)}/${FACTS}/${sessionId}.v${seq}.jsonl`, lines)
  }

  async facts(ref: SessionRef): Promise<readonly FactFile[]> {
    return (await factFiles()).factsIn(this.#files, `${this.#paths.directory(ref)}/${FACTS}`)
  }

  async replaceFacts(ref: SessionRef, file: string, facts: readonly StoredMessage[]): Promise<void> {
    const { replaceFactsIn } = await factFiles()
    replaceFactsIn(this.#files, `${this.#paths.directory(ref)}/${FACTS}`, { file, facts })
  }

  async forget(ref: SessionRef): Promise<{ readonly conversations: number; readonly facts: number }> {
    const session = this.#paths.directory(ref)
    return { conversations: this.#empty(`${session}/${ARCHIVE}`), facts: this.#empty(`${session}/${FACTS}`) }
  }

  /** Notes and temporary files go, too; only conversations and facts are counted. */
  #empty(directory: string): number {
    const names = this.#files.listFresh(directory)
    for (const name of names) this.#files.remove(`${directory}/${name}`)
    return names.filter((name) => name.endsWith('.jsonl')).length
  }

  async sources(ref: SessionRef): Promise<readonly MemorySource[]> {
    const session = this.#paths.directory(ref)
    return [ARCHIVE, FACTS].flatMap((folder) => {
      const names = this.#files
        .list(`${session}/${folder}`)
        .filter((name) => name.endsWith('.jsonl'))
        .toSorted(byVersion)
      const settled = names.length - UNSETTLED
      return names.flatMap((name, index) => this.#source(session, `${folder}/${name}`, index < settled))
    })
  }

  /** None when the file was removed meanwhile. */
  #source(session: string, name: string, isSettled: boolean): readonly MemorySource[] {
    const read = () => readLines(this.#files.read(`${session}/${name}`) ?? '').messages
    if (isSettled) return [{ name, version: null, read }]
    const status = this.#files.stat(`${session}/${name}`)
    return status === null ? [] : [{ name, version: `${status.size}.${status.modifiedAt}`, read }]
  }
}
