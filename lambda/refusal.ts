/** What the HTTP edge itself refuses: no business of agents, so no Fault. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** More fields of the body. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    code: string,
    message: string,
    extra: {
      readonly headers?: Readonly<Record<string, string>>
      readonly details?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.code = code
    this.headers = extra.headers ?? {}
    this.details = extra.details ?? {}
  }
}

export const badRequest = (problem: string, field?: string): Refusal =>
  new Refusal(400, 'bad_request', problem, field === undefined ? {} : { details: { field } })
