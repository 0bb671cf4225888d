import type { ModelProvider, ModelRequest, ToolCall } from '../../agents/ports/model.ts'
import { estimatedUsage } from '../wire-messages.ts'
import { bodyOf } from './bodies.ts'
import { chooseTool } from './choose-tool.ts'
import { type Conversation, type ForgeTask, readConversation } from './conversation.ts'
import { filesFor, findWriter, type Writer } from './files.ts'
import { excerpt } from './words.ts'

/** Begins every answer, so that nobody takes it for a language model's. */
const NAME = '[offline model]'
const MAX_QUOTED = 300

interface Reply {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
}

const say = (text: string): Reply => ({ text: `${NAME} ${text}`, toolCalls: [] })

/**
 * A stand-in that needs no key and no network and is honest about it (design 7). The same request gets the same
 * reply. It calls a tool whose parameters it can fill from what was said and reports the result; for a forge task it
 * writes the files that the task or the feedback names.
 */
export function offlineProvider(): ModelProvider {
  return {
    name: 'offline',
    free: true,
    async complete(request, { signal }) {
      signal.throwIfAborted()
      const { text, toolCalls } = replyTo(request)
      return {
        text,
        toolCalls,
        usage: estimatedUsage(request, text, toolCalls),
        stopReason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
      }
    },
  }
}

function replyTo({ messages, tools }: ModelRequest): Reply {
  const conversation = readConversation(messages)
  const writer = findWriter(tools)
  if (conversation.forge && writer) return work(conversation, conversation.forge, writer)
  if (conversation.calls.length > 0) return report(conversation)
  const choice = conversation.forge ? null : chooseTool(tools, conversation.said)
  if (choice === null) return talk(conversation, tools.length)
  return { text: '', toolCalls: [callOf(1, choice.tool.name, choice.arguments)] }
}

const callOf = (number: number, name: string, given: Readonly<Record<string, unknown>>): ToolCall => ({
  id: `offline_${number}`,
  name,
  arguments: JSON.stringify(given),
})

/** Writes the files that are still to be written in this try, then says what became of them. */
function work(conversation: Conversation, forge: ForgeTask, writer: Writer): Reply {
  const written = new Set(conversation.calls.map(({ call }) => call.arguments))
  const calls = filesFor(forge)
    .map((path, index) =>
      callOf(index + 1, writer.tool.name, {
        [writer.path]: path,
        [writer.content]: bodyOf(path, forge.task ?? ''),
      }),
    )
    .filter((call) => !written.has(call.arguments))
  return calls.length > 0 ? { text: '', toolCalls: calls } : report(conversation)
}

const report = ({ calls }: Conversation): Reply =>
  say(calls.map(({ call, result }) => `${call.name}: ${result}`).join('\n'))

function talk({ said, before, recalled, forge }: Conversation, tools: number): Reply {
  if (forge) return say('I can only write files, and have no tool with a path and a content to do so.')
  const previous = before.at(-1)
  const history =
    previous === undefined
      ? ''
      : ` This is message ${before.length + 1} of our conversation; before, you said: "${excerpt(previous, MAX_QUOTED)}".`
  const memory =
    recalled === null ? '' : ` Of earlier conversations I was given: ${excerpt(recalled, MAX_QUOTED)}`
  const why = tools > 0 ? 'None of my tools fits' : 'I have no tools'
  return say(
    `${why}, and I know nothing by myself. You said: "${excerpt(said, MAX_QUOTED)}".${history}${memory}`,
  )
}
