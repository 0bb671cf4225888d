import type { SkillDecl } from '../../bytecode/manifest.ts'
import type { Approval } from '../limits/confirmation.ts'
import type { Usage } from '../ports/model.ts'

/** A model call before it is made. */
export interface CallEstimate {
  /** Messages and tools, estimated. */
  readonly inputTokens: number
  /** Output limit wished for, null = the vendor's own. */
  readonly maxOutputTokens: number | null
}

/** Leave to make a model call. */
export interface CallLeave {
  /** Output limit to send, null = the vendor's own. */
  readonly maxOutputTokens: number | null
  /** The call is over: what it used counts instead of what was reserved. */
  settle(usage: Usage, cost: number): Promise<void>
}

export type ToolLeave =
  | { readonly kind: 'allow' }
  | { readonly kind: 'approved'; readonly approval: Approval }
  | { readonly kind: 'refuse'; readonly text: string }

/** Whatever may say no in the middle of a turn: asked before each model call and each tool call. */
export interface Gate {
  /** Throws `agent_disabled`, `budget_exhausted`, `price_unknown`. A call never settled counts in full. */
  beforeModel(estimate: CallEstimate): Promise<CallLeave>
  /**
   * `step` is the call's number in the turn, `taint` where text of strangers in the turn came from. Throws
   * `agent_disabled`, and `confirmation_pending` when a person has to decide first. The text of a refusal goes to the model.
   */
  beforeTool(
    skill: SkillDecl,
    argumentsJson: string,
    step: number,
    taint: readonly string[],
  ): Promise<ToolLeave>
}
