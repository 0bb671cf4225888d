import type { FileLeases } from '../../agents/ports/file-leases.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import type { Lease } from '../../agents/ports/sessions.ts'
import type { LeasePlace, Leases } from './leases.ts'

/** Leases on files outside the tree: `files/<sha256 of the path>/lock.<epoch>` in the state directory. */
export class TreeFileLeases implements FileLeases {
  readonly #leases: Leases
  readonly #hash: Hash

  constructor(options: { leases: Leases; hash: Hash }) {
    this.#leases = options.leases
    this.#hash = options.hash
  }

  async acquire(path: string, { ttlMs, waitMs }: { ttlMs: number; waitMs: number }): Promise<Lease | null> {
    const place: LeasePlace = {
      directory: `files/${this.#hash.sha256(path)}`,
      lock: 'lock',
      release: 'rel',
      suffix: '',
      keepsClaim: false,
      beat: null,
    }
    const claim = { purpose: 'change', ttlMs, owner: this.#leases.owner, data: { path } }
    const epoch = await this.#leases.waitFor(place, claim, waitMs)
    return epoch === null ? null : { epoch, release: async () => this.#leases.release(place, epoch) }
  }
}
