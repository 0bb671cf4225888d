import { Fault } from '../agents/ports/fault.ts'
import { type Failure, httpFailure, sdkFailure } from './failure.ts'

/** Statuses of Bedrock's errors. Those that come in the middle of a stream have no other. */
const STATUS: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  InternalServerException: 500,
  // Bedrock says 424 where its model failed, which is worth another try.
  ModelErrorException: 500,
  ModelNotReadyException: 429,
  ModelStreamErrorException: 500,
  ModelTimeoutException: 408,
  ResourceNotFoundException: 404,
  ServiceUnavailableException: 503,
  ThrottlingException: 429,
  ValidationException: 400,
}

/** The SDK's names for credentials that it does not find, or cannot renew. */
const WITHOUT_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError'])

/** What helps against the refusals that AWS words in its own way. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDeniedException: 'allow bedrock:InvokeModel on the model, and the account access to it',
  ExpiredTokenException: 'the credentials have expired; renew them',
}

/** What no other text in the request would change; Bedrock answers with status 400 as to one that is not well formed. */
const WHATEVER_IS_SAID: readonly (readonly [answer: RegExp, status: number, advice: string])[] = [
  [
    /on-demand throughput/i,
    404,
    '; the model is reached by an inference profile only; put us., eu. or another of its prefixes before the id',
  ],
  [/model identifier is invalid/i, 404, '; this region has no model of that id'],
  [/^ServiceQuotaExceededException/, 429, ''],
]

/** Why a call of Bedrock failed. Throttling and the like pass; neither Bedrock's prose nor a key goes into the fault. */
export function bedrockFailure(provider: string, error: unknown, now: number): Failure {
  if (error instanceof Fault) return { fault: error, again: false }
  if (error instanceof Error && WITHOUT_CREDENTIALS.has(error.name)) {
    const data = { provider, missing: 'credentials' }
    return { fault: new Fault('provider_setup_missing', data, { cause: error }), again: false }
  }
  const answer = answerOf(error)
  if (answer === null) return sdkFailure(provider, error, now)
  return denied(provider, answer) ?? refused(provider, answer) ?? httpFailure(provider, answer, now)
}

function denied(provider: string, { status, code, isSkewed }: AwsAnswer): Failure | null {
  if (status !== 401 && status !== 403) return null
  const advice = Object.hasOwn(ADVICE, code) ? `; ${ADVICE[code]}` : ''
  const problem = `status ${status} (${code})${advice}`
  // The SDK has set its clock by the answer.
  return { fault: new Fault('provider_auth', { provider, problem }), again: isSkewed }
}

function refused(provider: string, { status, code, message }: AwsAnswer): Failure | null {
  const found = WHATEVER_IS_SAID.find(([words]) => status === 400 && words.test(`${code}: ${message}`))
  if (!found) return null
  const [, meant, advice] = found
  const problem = `status 400 (${code})${advice}`
  return { fault: new Fault('provider_refused', { provider, problem, status: meant }), again: false }
}

interface AwsAnswer {
  readonly status: number
  readonly headers: Headers
  /** Name of the exception. */
  readonly code: string
  readonly message: string
  readonly isSkewed: boolean
}

/** Null: AWS did not answer, or not so that the SDK understood it. */
function answerOf(error: unknown): AwsAnswer | null {
  if (!(error instanceof Error) || !('$fault' in error)) return null
  const { name, message, $metadata, $response } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean }
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  }
  const status = (Object.hasOwn(STATUS, name) ? STATUS[name] : undefined) ?? $metadata?.httpStatusCode
  if (status === undefined) return null
  return {
    status,
    headers: new Headers($response?.headers),
    code: name,
    message,
    isSkewed: $metadata?.clockSkewCorrected === true,
  }
}
