import { RECALLED_HEADING } from '../../agents/ports/memory.ts'
import type { ModelMessage, ToolCall } from '../../agents/ports/model.ts'

const TASK_LINE = /^Current task: ([\s\S]*)$/
/** The task line of a run without a plan (design 9.5). */
const UNPLANNED = 'Complete the work described above.'

/** An iteration of a forge agent, as chapter 25.3 lays out its messages. */
export interface ForgeTask {
  /** The task of the plan, null without one. */
  readonly task: string | null
  /** What verify said about the last try, "" on the first. */
  readonly feedback: string
  /** System prompt and prompt file. */
  readonly context: string
}

/** What a request says, taken apart. */
export interface Conversation {
  /** The last thing the user said. */
  readonly said: string
  /** What the user said before, oldest first. */
  readonly before: readonly string[]
  /** What is recalled of earlier conversations, as it was sent; null = nothing. */
  readonly recalled: string | null
  /** Tool calls made since, with their results. */
  readonly calls: readonly { readonly call: ToolCall; readonly result: string }[]
  readonly forge: ForgeTask | null
}

export function readConversation(messages: readonly ModelMessage[]): Conversation {
  const lastUser = messages.findLastIndex((message) => message.role === 'user')
  const firstCall = messages.findIndex(
    (message, index) =>
      index > lastUser && message.role === 'assistant' && (message.toolCalls?.length ?? 0) > 0,
  )
  const brief = firstCall < 0 ? messages : messages.slice(0, firstCall)
  const turn = firstCall < 0 ? [] : messages.slice(firstCall)
  const fromUser = brief.filter(({ role }) => role === 'user').map(({ content }) => content)
  const isRecalled = (content: string): boolean => content.startsWith(RECALLED_HEADING)
  const users = fromUser.filter((content) => !isRecalled(content))
  return {
    said: users.at(-1) ?? '',
    before: users.slice(0, -1),
    recalled: fromUser.find(isRecalled)?.slice(RECALLED_HEADING.length).trim() ?? null,
    calls: callsOf(turn),
    forge: forgeTask(brief, users),
  }
}

function callsOf(turn: readonly ModelMessage[]): Conversation['calls'] {
  const results = new Map(
    turn.flatMap((message) => (message.role === 'tool' ? [[message.callId, message.content]] : [])),
  )
  const calls = turn.flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
  return calls.map((call) => ({ call, result: results.get(call.id) ?? '' }))
}

function forgeTask(brief: readonly ModelMessage[], users: readonly string[]): ForgeTask | null {
  const line = users.findIndex((text) => TASK_LINE.test(text))
  if (line < 0) return null
  const task = TASK_LINE.exec(users[line]!)![1]!.trim()
  const last = brief.at(-1)
  const system = brief.filter((message) => message.role === 'system').map((message) => message.content)
  return {
    task: task === UNPLANNED ? null : task,
    feedback: last?.role === 'assistant' ? last.content : '',
    context: [...system, ...users.slice(0, line)].join('\n\n'),
  }
}
