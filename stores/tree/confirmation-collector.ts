import type { Ids } from '../../agents/ports/ids.ts'
import type { Files } from './files.ts'

/** As long as a turn that was left open may still be gone on with. */
const AGE_MS = 30 * 24 * 3600_000
/** Records looked at each time: more than are added, so that their number stays bounded. */
const LOOKS = 4

/** Removes records of old confirmations, by the server's time. Nobody waits for them, and nobody can use them. */
export class ConfirmationCollector {
  readonly #files: Files
  readonly #ids: Ids

  constructor(options: { files: Files; ids: Ids }) {
    this.#files = options.files
    this.#ids = options.ids
  }

  /** Looks at some of `names` in `directory`, which are folders with a `request.json`; `pending` has the undecided ones. */
  collect(directory: string, names: readonly string[], pending: string): void {
    const now = this.#files.barrier(directory)
    if (now === null) return
    const first = Math.floor(this.#ids.random() * names.length)
    for (const name of [...names.slice(first), ...names.slice(0, first)].slice(0, LOOKS)) {
      const folder = `${directory}/${name}`
      const made = this.#files.stat(`${folder}/request.json`)?.modifiedAt
      if (made === undefined || now - made < AGE_MS) continue
      this.#files.remove(`${pending}/${name}`)
      // The request last: a folder without one is not looked at again.
      const parts = this.#files.list(folder).filter((part) => part !== 'request.json')
      for (const part of [...parts, 'request.json']) this.#files.remove(`${folder}/${part}`)
      this.#files.removeDirectory(folder)
    }
  }
}
