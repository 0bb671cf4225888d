/** What can be written to and may be a terminal: process.stderr. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** A stream as a screen: none where the terminal cannot clear a line. `type`: TERM. */
export const screenOf = (stream: Screen, type: string | undefined): Screen =>
  type === 'dumb' ? { write: (text) => stream.write(text) } : stream

const CLEAR = '\r\u001b[K'
const EVERY_MS = 1000

/**
 * A last line on a terminal that says what is going on and for how long, and vanishes when something is printed.
 * Where there is no terminal it is never shown, and lines are plain.
 */
export class LiveLine {
  readonly #screen: Screen
  readonly #now: () => number
  #timer: NodeJS.Timeout | null = null
  #text = ''
  #since = 0
  /** What was written last has not come to the end of its line. */
  #inLine = false

  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen
    this.#now = now
  }

  /** Shows `text` and the seconds since now, until `stop`. */
  start(text: string): void {
    this.stop()
    if (this.#screen.isTTY !== true) return
    this.#text = text
    this.#since = this.#now()
    this.draw()
    this.#timer = setInterval(() => this.draw(), EVERY_MS).unref()
  }

  /** Writes the line as it is now. */
  draw(): void {
    if (this.#inLine) return
    const seconds = Math.floor((this.#now() - this.#since) / 1000)
    const end = ` ${seconds} s`
    const room = Math.max(1, (this.#screen.columns ?? 80) - end.length - 1)
    const points = [...this.#text]
    const text = points.length > room ? `${points.slice(0, room - 1).join('')}…` : this.#text
    this.#screen.write(`${CLEAR}${text}${end}`)
  }

  /** Prints a whole line above. */
  print(line: string): void {
    this.write(`${line}\n`)
  }

  /** Writes a text above. One that ends within a line hides the live line until the line is written. */
  write(text: string): void {
    if (text === '') return
    const isShown = this.#timer !== null && !this.#inLine
    this.#screen.write(`${isShown ? CLEAR : ''}${text}`)
    this.#inLine = !text.endsWith('\n')
    if (this.#timer !== null && !this.#inLine) this.draw()
  }

  stop(): void {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
    if (!this.#inLine) this.#screen.write(CLEAR)
  }
}
