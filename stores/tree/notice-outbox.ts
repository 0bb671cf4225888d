import { Fault } from '../../agents/ports/fault.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import type { NoticeOutbox, OwedNotice } from '../../agents/ports/notices.ts'
import type { Files } from './files.ts'
import { decodeRecord, encodeRecord } from './records.ts'

const OUTBOX = 'outbox'
const SUFFIX = '.json'

/** One small file for each notice and target, in one folder that is empty most of the time. */
export class TreeNoticeOutbox implements NoticeOutbox {
  readonly #files: Files
  readonly #hash: Hash

  constructor(options: { files: Files; hash: Hash }) {
    this.#files = options.files
    this.#hash = options.hash
  }

  async add({ target, agent, run }: OwedNotice): Promise<void> {
    const owed: OwedNotice = { target, agent, run }
    // Whoever else writes it writes the same.
    this.#files.replace(this.#path(owed), encodeRecord(owed))
  }

  async remove(owed: OwedNotice): Promise<void> {
    this.#files.remove(this.#path(owed))
  }

  async list(): ReturnType<NoticeOutbox['list']> {
    const owed: OwedNotice[] = []
    const damaged: Fault[] = []
    for (const name of this.#files.listFresh(OUTBOX)) {
      if (!name.endsWith(SUFFIX)) continue
      const path = `${OUTBOX}/${name}`
      const text = this.#files.read(path)
      // Another process has just delivered it.
      if (text === null) continue
      try {
        owed.push(decodeRecord<OwedNotice>(text, this.#files.absolute(path)))
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        damaged.push(error)
      }
    }
    return { owed, damaged }
  }

  #path({ target, agent, run }: OwedNotice): string {
    return `${OUTBOX}/${target}.${this.#hash.sha256(JSON.stringify([agent, run]))}${SUFFIX}`
  }
}
