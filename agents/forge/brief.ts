import type { ModelMessage } from '../ports/model.ts'
import { shorten } from '../turn/shorten.ts'
import { recentLearnings } from './learnings.ts'

/** What an iteration's fresh context is made of (chapter 25.3, stage 2b). Nothing else reaches the model. */
export interface Brief {
  /** The agent's system prompt, "" = none. */
  readonly system: string
  /** Contents of the prompt file, null without one. */
  readonly prompt: string | null
  /** The task in hand; null without a plan. */
  readonly task: string | null
  /** Oldest first; `iteration` 0 = not known. */
  readonly completed: readonly { readonly task: string; readonly iteration: number }[]
  /** Oldest first. */
  readonly learnings: readonly string[]
  /** What verify said about the last try of this task, null on the first. */
  readonly feedback: string | null
  /** Tries in a row that verify answered with this same feedback. */
  readonly sameFeedback: number
  /** What people decided about tool calls of this iteration, oldest first. */
  readonly decisions: readonly string[]
}

/** The task line of a run without a plan (design 9.5). */
const UNPLANNED = 'Complete the work described above.'
/** Completed tasks named in full; earlier ones are counted. */
const COMPLETED_SHOWN = 10
const MAX_FEEDBACK = 8000
/** From this many equal failures on, the model is told so. */
const NUDGE_FROM = 3

/** The messages of an iteration, in the chapter's order and words. */
export function briefMessages(brief: Brief): readonly ModelMessage[] {
  const messages: ModelMessage[] = []
  if (brief.system !== '') messages.push({ role: 'system', content: brief.system })
  if (brief.prompt !== null && brief.prompt.trim() !== '') {
    messages.push({ role: 'user', content: brief.prompt })
  }
  messages.push({ role: 'user', content: `Current task: ${brief.task ?? UNPLANNED}` })
  messages.push({ role: 'user', content: completedText(brief.completed) })
  const learnings = recentLearnings(brief.learnings)
  if (learnings.length > 0) {
    messages.push({
      role: 'user',
      content: `Learnings: ${learnings.map((learning) => `- ${learning}`).join('\n')}`,
    })
  }
  if (brief.decisions.length > 0) messages.push({ role: 'user', content: decisionsText(brief.decisions) })
  if (brief.feedback !== null) messages.push({ role: 'assistant', content: feedbackText(brief) })
  return messages
}

const decisionsText = (decisions: readonly string[]): string =>
  `You had begun this task, and what you have written is in the workspace. It waited for a person:\n${decisions.map((decision) => `- ${decision}`).join('\n')}`

function completedText(completed: Brief['completed']): string {
  if (completed.length === 0) return 'No tasks completed yet.'
  const shown = completed
    .slice(-COMPLETED_SHOWN)
    .map(({ task, iteration }) => (iteration > 0 ? `${task} (iteration ${iteration})` : task))
  const earlier = completed.length - shown.length
  const rest = earlier > 0 ? `${earlier} earlier ${earlier === 1 ? 'task' : 'tasks'}; ` : ''
  return `Completed tasks: ${rest}${shown.join('; ')}`
}

function feedbackText({ feedback, sameFeedback }: Brief): string {
  const text = shorten(feedback!, MAX_FEEDBACK)
  if (sameFeedback < NUDGE_FROM) return text
  return `${text}\n\nThe last ${sameFeedback} tries ended with this same result. Look for another cause and try a different approach.`
}
