import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime'
import type { TextListener } from '../agents/ports/model.ts'

interface Written {
  text: string
  /** JSON text as it comes. */
  input: string
  tool: { readonly toolUseId: string | undefined; readonly name: string | undefined } | null
}

/** The answer that a stream of events makes up, as Converse gives it in one piece; null = it broke off. Rejects with the errors in it. */
export async function gathered(
  events: AsyncIterable<ConverseStreamOutput>,
  listener: TextListener,
): Promise<unknown> {
  const blocks = new Map<number, Written>()
  const blockAt = (index: number | undefined): Written => {
    const found = blocks.get(index ?? 0) ?? { text: '', input: '', tool: null }
    blocks.set(index ?? 0, found)
    return found
  }
  let stopReason: string | undefined
  let usage: unknown
  for await (const event of events) {
    if (event.contentBlockStart) {
      const { contentBlockIndex, start } = event.contentBlockStart
      const tool = start?.toolUse
      if (tool) blockAt(contentBlockIndex).tool = { toolUseId: tool.toolUseId, name: tool.name }
    } else if (event.contentBlockDelta) {
      const { contentBlockIndex, delta } = event.contentBlockDelta
      const block = blockAt(contentBlockIndex)
      block.input += delta?.toolUse?.input ?? ''
      block.text += delta?.text ?? ''
      if (delta?.text) listener.delta(delta.text)
    } else if (event.messageStop) {
      stopReason = event.messageStop.stopReason
    } else if (event.metadata) {
      usage = event.metadata.usage
    }
  }
  if (stopReason === undefined) return null
  const inOrder = [...blocks].toSorted(([a], [b]) => a - b)
  const content = inOrder.map(([, block]) => blockOf(block))
  return { output: { message: { content } }, stopReason, usage }
}

const blockOf = ({ text, input, tool }: Written) =>
  tool === null ? { text } : { toolUse: { ...tool, input: inputOf(input) } }

/** The object that a model wrote, or its text where that is none. */
function inputOf(json: string): unknown {
  if (json.trim() === '') return {}
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
