import type { Activation } from '../../vm/program.ts'
import { ProgramError } from '../../vm/program.ts'
import { textOf } from '../../vm/values/text.ts'
import { typeName } from '../../vm/values/type-name.ts'
import { type Value, VariantValue } from '../../vm/values/value.ts'
import { faultBehind } from '../host/refusal.ts'
import type { FaultCode } from '../ports/fault.ts'
import type { Verdict } from '../ports/runs.ts'

/** What the verify callback sees as `ctx` (chapter 25.4), and `attempt`. */
export interface VerifyContext {
  /** 1-based, over the whole run. */
  readonly iteration: number
  /** "" without a plan. */
  readonly currentTask: string
  /** What verify said last time, null on the first try of a task. */
  readonly feedback: string | null
  /** USD so far, this iteration included. */
  readonly totalCost: number
  readonly totalTokens: number
  readonly workspace: string
  /** Tries on the task in hand, 1-based. */
  readonly attempt: number
}

export interface Verification {
  readonly verdict: Verdict
  /** True when the callback threw instead of answering. */
  readonly threw: boolean
}

/** Faults that came through a command or an agent of the callback and are not its own failure. */
const ENDS_THE_RUN: ReadonlySet<FaultCode> = new Set<FaultCode>(['stopped', 'run_fenced'])

/**
 * Calls the verify callback. An error of the program in it is a Retry with its text; Faults of the world around it
 * (a lost lease, a stop) pass through.
 */
export async function verify(
  activation: Activation,
  callback: number,
  context: VerifyContext,
): Promise<Verification> {
  try {
    const answer = await activation.callFunction(callback, [contextValue(context)])
    return { verdict: verdictOf(answer), threw: false }
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const fault = faultBehind(error)
    if (fault && ENDS_THE_RUN.has(fault.code)) throw fault
    return { verdict: { kind: 'retry', feedback: `Verify error: ${error.message}` }, threw: true }
  }
}

const contextValue = (context: VerifyContext): Value =>
  new Map<string, Value>([
    ['iteration', context.iteration],
    ['current_task', context.currentTask],
    ['feedback', context.feedback],
    ['total_cost', context.totalCost],
    ['total_tokens', context.totalTokens],
    ['workspace', context.workspace],
    ['attempt', context.attempt],
  ])

const DONE_WORDS = new Set(['done', 'ok', 'pass', 'passed', 'verified', 'success'])
const ABORT = /^abort(?:\s*:\s*([\s\S]*))?$/i

/** What an answer of the callback means (design 3.5). */
export function verdictOf(answer: Value): Verdict {
  if (answer instanceof VariantValue && answer.type.name === 'VerifyResult') return variantVerdict(answer)
  if (answer === true) return { kind: 'done', message: 'Verified' }
  if (answer === false || answer === null) return { kind: 'retry', feedback: 'Verification failed' }
  if (typeof answer === 'string') return textVerdict(answer.trim())
  return {
    kind: 'abort',
    reason:
      `verify returned ${textOf(answer)}, ${nounOf(answer)}; ` +
      'return VerifyResult.Done, Retry or Abort, true, false or a text',
  }
}

function variantVerdict({ type, tag, fields }: VariantValue): Verdict {
  const text = fields[0] === undefined || fields[0] === null ? '' : textOf(fields[0])
  switch (type.variants[tag]?.name) {
    case 'Done':
      return { kind: 'done', message: text === '' ? 'Verified' : text }
    case 'Retry':
      return { kind: 'retry', feedback: text === '' ? 'Verification failed' : text }
    default:
      return { kind: 'abort', reason: text === '' ? 'abort' : text }
  }
}

function textVerdict(text: string): Verdict {
  if (text === '') return { kind: 'retry', feedback: 'Verification failed' }
  if (DONE_WORDS.has(text.toLowerCase())) return { kind: 'done', message: 'Verified' }
  const abort = ABORT.exec(text)
  if (abort) return { kind: 'abort', reason: abort[1] || 'abort' }
  return { kind: 'retry', feedback: text }
}

/** With its article; a variant says of which type it is. */
function nounOf(value: Value): string {
  if (value instanceof VariantValue) return `a ${value.type.name} variant`
  const noun = typeName(value)
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`
}
