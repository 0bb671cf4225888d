import { OPERATIONS, type Operation } from './intercepted-fs.ts'

const NUMBERS = Object.fromEntries(OPERATIONS.map((operation, index) => [operation, index + 1])) as Readonly<
  Record<Operation, number>
>

/** The synchronous call on a file system that a thread is in, noted where another thread can see it while the first stands still. */
export class CallUnderWay {
  /** One number: 0 = in none, else that of the operation. */
  readonly memory: Int32Array<ArrayBufferLike>

  /** `memory`: that of the other thread. Default: none yet. */
  constructor(
    memory: Int32Array<ArrayBufferLike> = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.memory = memory
  }

  begins(operation: Operation): void {
    Atomics.store(this.memory, 0, NUMBERS[operation])
  }

  ends(): void {
    Atomics.store(this.memory, 0, 0)
  }

  /** Null: in none. */
  get operation(): Operation | null {
    return OPERATIONS[Atomics.load(this.memory, 0) - 1] ?? null
  }
}
