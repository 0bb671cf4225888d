/** The ports of `neam-api`: its own, where the API is, and those that channels declare (design 9.19). */
import type { ChannelDecl, Manifest } from '../bytecode/manifest.ts'
import { channelPorts, type Entrance } from '../runtime/channel-ports.ts'
import type { HttpServer } from './http-server.ts'
import { listen } from './listen.ts'

export interface ListenersOptions {
  /** Interface to bind. */
  readonly host: string
  /** A server that knows where its requests come in, and listens nowhere yet. */
  readonly create: (entrance: () => Entrance | null) => HttpServer
  /** All channels are served where the API is, whatever port they declare. */
  readonly onePort: boolean
  readonly log: (record: Readonly<Record<string, unknown>>) => void
  /** Until a port that could not be had is tried again, ms. */
  readonly retryMs?: number
}

const RETRY_MS = 5000

const namesOf = (channels: readonly ChannelDecl[]): readonly string[] => channels.map(({ name }) => name)

const declaredBy = (channels: readonly ChannelDecl[]): string => {
  const names = namesOf(channels).join(' and ')
  return channels.length === 1 ? `which channel ${names} declares` : `which channels ${names} declare`
}

export interface ChannelPort {
  /** E.g. `http://127.0.0.1:9001`. */
  readonly url: string
  readonly channels: readonly ChannelDecl[]
}

/** All of them together are closed, waited for and cut as one server is. */
export class Listeners implements Pick<HttpServer, 'active' | 'idle' | 'close' | 'cut'> {
  readonly #options: ListenersOptions
  readonly #own: HttpServer
  #ownPort = 0
  #declared: ReadonlyMap<number, readonly ChannelDecl[]> = new Map()
  readonly #open = new Map<number, HttpServer>()
  /** Ports that the program declares no more, as long as a request is in hand that came in there. */
  readonly #leaving = new Set<HttpServer>()
  /** Declared ports that could not be had when they were tried last. */
  readonly #missing = new Set<number>()
  /** One change at a time. */
  #opening: Promise<void> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined
  #closed = false

  private constructor(options: ListenersOptions) {
    this.#options = options
    this.#own = this.#create(() => this.#ownPort)
  }

  /** Listens on the server's own port, 0 = a free one. @throws CommandError */
  static async on(port: number, options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners(options)
    listeners.#ownPort = await listen(listeners.#own.server, {
      host: options.host,
      port,
      fix: (which) => `choose ${which} with --port`,
    })
    return listeners
  }

  /** Where the API is, e.g. `http://127.0.0.1:8080`. */
  get url(): string {
    return this.#urlOf(this.#ownPort)
  }

  /** Where channels are served beside it. */
  get channelPorts(): readonly ChannelPort[] {
    return [...this.#declared]
      .filter(([port]) => this.#open.has(port))
      .map(([port, channels]) => ({ url: this.#urlOf(port), channels }))
  }

  /** Listens on the ports that channels of the first program declare. @throws CommandError, and listens nowhere then */
  async openChannels(manifest: Manifest): Promise<void> {
    this.#declared = this.#portsOf(manifest)
    try {
      for (const [port, channels] of this.#declared) await this.#listen(port, channels)
    } catch (error) {
      this.close()
      this.cut()
      throw error
    }
  }

  /**
   * The ports of another program: those that it declares no more take no connections from now on, and end with what they
   * have in hand. One that cannot be had is logged and tried again; everything else is served. Resolves when each was tried.
   */
  async follow(manifest: Manifest): Promise<void> {
    this.#declared = this.#portsOf(manifest)
    for (const port of this.#missing) if (!this.#declared.has(port)) this.#missing.delete(port)
    for (const [port, http] of this.#open) if (!this.#declared.has(port)) this.#leave(port, http)
    await this.#openDeclared()
  }

  active(): number {
    return this.#all.reduce((sum, http) => sum + http.active(), 0)
  }

  async idle(): Promise<void> {
    await Promise.all(this.#all.map((http) => http.idle()))
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    for (const http of this.#all) http.close()
  }

  cut(): void {
    for (const http of this.#all) http.cut()
  }

  #portsOf(manifest: Manifest): ReadonlyMap<number, readonly ChannelDecl[]> {
    return this.#options.onePort ? new Map() : channelPorts(manifest, this.#ownPort)
  }

  get #all(): readonly HttpServer[] {
    return [this.#own, ...this.#open.values(), ...this.#leaving]
  }

  #create(port: () => number): HttpServer {
    const { create, onePort } = this.#options
    return create(() => (onePort ? null : { port: port(), ownPort: this.#ownPort }))
  }

  #urlOf(port: number): string {
    const { host } = this.#options
    const isAny = host === '0.0.0.0' || host === '::'
    return `http://${isAny ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`
  }

  async #listen(port: number, channels: readonly ChannelDecl[]): Promise<void> {
    const http = this.#create(() => port)
    await listen(http.server, {
      host: this.#options.host,
      port,
      owner: declaredBy(channels),
      fix: (which) => `give the channel ${which}, or serve it where the API is with --one-port`,
    })
    // Another program may have come meanwhile, or the end.
    if (this.#closed || !this.#declared.has(port)) http.close()
    else this.#open.set(port, http)
  }

  #openDeclared(): Promise<void> {
    clearTimeout(this.#retry)
    this.#opening = this.#opening.then(async () => {
      for (const [port, channels] of this.#declared) await this.#tryPort(port, channels)
    })
    return this.#opening
  }

  async #tryPort(port: number, channels: readonly ChannelDecl[]): Promise<void> {
    if (this.#closed || this.#open.has(port) || !this.#declared.has(port)) return
    const { log, retryMs = RETRY_MS } = this.#options
    const what = { port, channels: namesOf(channels) }
    try {
      await this.#listen(port, channels)
    } catch (error) {
      const cause = (error as Error).message
      if (!this.#missing.has(port))
        log({ level: 'error', message: 'channel port not opened', ...what, cause, retry_in_ms: retryMs })
      this.#missing.add(port)
      clearTimeout(this.#retry)
      if (!this.#closed) this.#retry = setTimeout(() => void this.#openDeclared(), retryMs)
      return
    }
    this.#missing.delete(port)
    if (this.#open.has(port)) log({ level: 'info', message: 'channel port opened', ...what })
  }

  #leave(port: number, http: HttpServer): void {
    this.#open.delete(port)
    this.#leaving.add(http)
    http.close()
    this.#options.log({ level: 'info', message: 'channel port closed', port })
    void http.idle().then(() => {
      http.cut()
      this.#leaving.delete(http)
    })
  }
}
