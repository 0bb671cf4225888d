/** A request that nothing has been answered to. */
export interface InHand {
  readonly requestId: string
  readonly method: string
  /** Its route key. */
  readonly route: string
  /** As it came. */
  readonly traceparent: string | undefined
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds since 1970. */
  readonly deadlineAt: number
  /** The connection's descriptor. */
  readonly fd: number
}

/** Of each place: whether it is taken, the descriptor, two times, four lengths, and then the texts. */
const PLACE_BYTES = 320
const LENGTHS_AT = 24
const TEXT_AT = 40
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
  take({ requestId, method, route, traceparent = '', startedAt, deadlineAt, fd }: InHand): () => void {
    const place = this.#free.pop() ?? this.#unused++
    const at = place * PLACE_BYTES
    if (at >= this.memory.byteLength) {
      this.#unused = place
      return () => {}
    }
    // One that is too long is no `traceparent` of a version that is known.
    const known = requestId + method + route
    const trace = known.length + traceparent.length > TEXT_BYTES ? '' : traceparent
    const integer = at / 4
    this.#integers[integer + 1] = fd
    this.#times[at / 8 + 1] = startedAt
    this.#times[at / 8 + 2] = deadlineAt
    this.#integers.set([requestId.length, method.length, route.length, trace.length], (at + LENGTHS_AT) / 4)
    this.#bytes.write(known + trace, at + TEXT_AT, 'latin1')
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
    let textAt = at + TEXT_AT
    const text = (index: number): string => {
      const from = textAt
      textAt += this.#integers[(at + LENGTHS_AT) / 4 + index]!
      return this.#bytes.toString('latin1', from, textAt)
    }
    return {
      requestId: text(0),
      method: text(1),
      route: text(2),
      traceparent: text(3) || undefined,
      startedAt: this.#times[at / 8 + 1]!,
      deadlineAt: this.#times[at / 8 + 2]!,
      fd: this.#integers[at / 4 + 1]!,
    }
  }
}
