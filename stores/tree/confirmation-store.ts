import type {
  ApprovedResult,
  Confirmation,
  ConfirmationDecision,
  ConfirmationRequest,
  ConfirmationStore,
} from '../../agents/ports/confirmations.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Ids } from '../../agents/ports/ids.ts'
import type { SessionRef } from '../../agents/ports/sessions.ts'
import { ConfirmationCollector } from './confirmation-collector.ts'
import { type Files, TEMPORARY } from './files.ts'
import { encodeRecord, readRecord } from './records.ts'
import { bestEffort } from './storage-fault.ts'

const DIRECTORY = 'confirm'
/** One name for each undecided request, so that listing them costs nothing for those of the past. */
const PENDING = `${DIRECTORY}/pending`

/** Ids come from outside, too: nothing else may become part of a path. */
const ID = /^[0-9a-f]{32}$/

type Part = 'request' | 'decision' | 'used' | 'result' | 'token'

const isId = (name: string): boolean => ID.test(name)

const fileOf = (id: string, part: Part): string => `${DIRECTORY}/${id}/${part}.json`

/**
 * Confirmations on disk (reliability 2.7): `confirm/<id>/{request,decision,used,result}.json`, each written once by
 * put-if-absent, and `token.json`, replaced. Who takes the name `decision` has decided, who takes `used` may run the tool. Records are kept for 30 days.
 */
export class TreeConfirmationStore implements ConfirmationStore {
  readonly #files: Files
  readonly #ids: Ids
  readonly #collector: ConfirmationCollector

  constructor(options: { files: Files; ids: Ids }) {
    this.#files = options.files
    this.#ids = options.ids
    this.#collector = new ConfirmationCollector(options)
  }

  async open(request: ConfirmationRequest): Promise<Confirmation & { opened: boolean }> {
    const { id } = request
    const known = await this.get(id)
    if (known !== null) return { ...known, opened: false }
    // First: a name without a request is passed over, a request without its name would never be listed.
    this.#files.putIfAbsent(`${PENDING}/${id}`, encodeRecord({ id, nonce: this.#ids.next() }))
    const opened = this.#put(id, 'request', request)
    bestEffort(() => this.#collector.collect(DIRECTORY, this.#files.list(DIRECTORY).filter(isId), PENDING))
    return { ...((await this.get(id)) ?? { request, decision: null }), opened }
  }

  async get(id: string): Promise<Confirmation | null> {
    if (!isId(id)) return null
    const request = this.#read<ConfirmationRequest>(id, 'request')
    if (request === null) return null
    return { request, decision: this.#read<ConfirmationDecision>(id, 'decision') }
  }

  async decide(
    id: string,
    decision: ConfirmationDecision,
  ): Promise<{ won: boolean; decision: ConfirmationDecision }> {
    if ((await this.get(id)) === null) throw new Fault('confirmation_not_found', { trace_id: id })
    const won = this.#put(id, 'decision', decision)
    bestEffort(() => this.#files.remove(`${PENDING}/${id}`))
    return { won, decision: won ? decision : (this.#read<ConfirmationDecision>(id, 'decision') ?? decision) }
  }

  async spend(id: string): Promise<boolean> {
    return this.#put(id, 'used', {})
  }

  async keepResult(id: string, result: ApprovedResult): Promise<void> {
    this.#put(id, 'result', result)
  }

  async result(id: string): Promise<ApprovedResult | null> {
    return this.#read<ApprovedResult>(id, 'result')
  }

  async keepTaskToken(id: string, token: string): Promise<void> {
    this.#files.replace(fileOf(id, 'token'), encodeRecord({ token }))
  }

  async taskToken(id: string): Promise<string | null> {
    return this.#read<{ readonly token: string }>(id, 'token')?.token ?? null
  }

  async ofSession({ agent, key }: SessionRef): Promise<readonly Confirmation[]> {
    const found: Confirmation[] = []
    for (const id of this.#files.listFresh(DIRECTORY).filter(isId)) {
      const confirmation = await this.get(id)
      const place = confirmation?.request.place
      if (confirmation !== null && place?.kind === 'turn' && place.agent === agent && place.key === key)
        found.push(confirmation)
    }
    return found
  }

  async forget(id: string): Promise<void> {
    const request = this.#read<ConfirmationRequest>(id, 'request')
    if (request === null) return
    this.#files.remove(fileOf(id, 'result'))
    const nonce = this.#ids.next()
    this.#files.replace(fileOf(id, 'request'), encodeRecord({ ...request, arguments: '{}', nonce }))
  }

  async pending(): Promise<readonly Confirmation[]> {
    const found: Confirmation[] = []
    for (const id of this.#files.listFresh(PENDING)) {
      if (id.startsWith(TEMPORARY)) continue
      const confirmation = await this.get(id)
      if (confirmation === null) continue
      if (confirmation.decision === null) found.push(confirmation)
      // The decision stands; whoever took it died before it could take the name away.
      else bestEffort(() => this.#files.remove(`${PENDING}/${id}`))
    }
    return found.sort((a, b) => a.request.requestedAt - b.request.requestedAt)
  }

  /** The nonce makes the text this writer's own. */
  #put(id: string, part: Part, record: object): boolean {
    return this.#files.putIfAbsent(fileOf(id, part), encodeRecord({ ...record, nonce: this.#ids.next() }))
  }

  #read<T extends object>(id: string, part: Part): T | null {
    const record = readRecord<T & { readonly nonce?: string }>(this.#files, fileOf(id, part))
    if (record === null) return null
    const { nonce: _, ...rest } = record
    return rest as unknown as T
  }
}
