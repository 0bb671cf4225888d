/** A request that nothing has been answered to. */
export interface InHand {
  readonly requestId: string
  /** As it came. */
  readonly traceparent: string | undefined
  /** Milliseconds since 1970. */
  readonly deadlineAt: number
  /** The connection's descriptor. */
  readonly fd: number
}

/** Of each place: whether it is taken, the descriptor, the time, two lengths, and then both texts. */
const PLACE_BYTES = 256
const TEXT_AT = 24
const TEXT_BYTES = PLACE_BYTES - TEXT_AT

/**
 * The requests in hand, in memory that two threads share: what the one notes, the other reads once the first stands still.
 * A message for each would cost more than most requests do.
 */
export class InHandTable {
  readonly memory: SharedArrayBuffer
  readonly #integers: Int32Array
  readonly #times: Float64Array
  readonly #bytes: Buffer
  /** Places that were given back; those from `#unused` on never were taken. */
  readonly #free: number[] = []
  #unused = 0

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#integers = new Int32Array(memory)
    this.#times = new Float64Array(memory)
    this.#bytes = Buffer.from(memory)
  }

  /** A table for so many requests at once. */
  static of(requests: number): InHandTable {
    return new InHandTable(new SharedArrayBuffer(requests * PLACE_BYTES))
  }

  /** Notes a request; what comes back ends that, and may be called again. Beyond the size of the table nothing is noted. */
  take({ requestId, traceparent = '', deadlineAt, fd }: InHand): () => void {
    const place = this.#free.pop() ?? this.#unused++
    const at = place * PLACE_BYTES
    if (at >= this.memory.byteLength) {
      this.#unused = place
      return () => {}
    }
    // One that is too long is no `traceparent` of a version that is known.
    const trace = requestId.length + traceparent.length > TEXT_BYTES ? '' : traceparent
    const integer = at / 4
    this.#integers[integer + 1] = fd
    this.#times[at / 8 + 1] = deadlineAt
    this.#integers[integer + 4] = requestId.length
    this.#integers[integer + 5] = trace.length
    this.#bytes.write(requestId + trace, at + TEXT_AT, 'latin1')
    Atomics.store(this.#integers, integer, 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      Atomics.store(this.#integers, integer, 0)
      this.#free.push(place)
    }
  }

  /** All that are noted, for the other thread. */
  all(): readonly InHand[] {
    const found: InHand[] = []
    for (let at = 0; at < this.memory.byteLength; at += PLACE_BYTES) {
      if (Atomics.load(this.#integers, at / 4) === 1) found.push(this.#read(at))
    }
    return found
  }

  #read(at: number): InHand {
    const idEndsAt = at + TEXT_AT + this.#integers[at / 4 + 4]!
    const traceEndsAt = idEndsAt + this.#integers[at / 4 + 5]!
    return {
      requestId: this.#bytes.toString('latin1', at + TEXT_AT, idEndsAt),
      traceparent:
        traceEndsAt === idEndsAt ? undefined : this.#bytes.toString('latin1', idEndsAt, traceEndsAt),
      deadlineAt: this.#times[at / 8 + 1]!,
      fd: this.#integers[at / 4 + 1]!,
    }
  }
}
