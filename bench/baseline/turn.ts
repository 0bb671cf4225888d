// What one would write by hand with the openai package: one tool, a loop, a session in a JSONL file. The baseline.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import OpenAI from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'

const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? '', baseURL: process.env.OPENAI_BASE_URL })

const TOOLS: ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'lookup_order',
      description: 'Look up order status by order ID',
      parameters: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
    },
  },
]
const lookupOrder = (orderId: string) => `Order ${orderId}: Shipped, arriving Tuesday`

export async function turn(sessionFile: string, message: string): Promise<string> {
  const history: ChatCompletionMessageParam[] = existsSync(sessionFile)
    ? readFileSync(sessionFile, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []
  const user = { role: 'user' as const, content: message }
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You are a customer support agent for Acme Corp.' },
    ...history,
    user,
  ]
  for (let step = 0; step < 25; step++) {
    const completion = await client.chat.completions.create({
      model: 'gpt-4o',
      temperature: 0.3,
      messages,
      tools: TOOLS,
    })
    const reply = completion.choices[0]!.message
    messages.push(reply)
    if (!reply.tool_calls) {
      const assistant = { role: 'assistant', content: reply.content ?? '' }
      appendFileSync(sessionFile, `${JSON.stringify(user)}\n${JSON.stringify(assistant)}\n`)
      return assistant.content
    }
    for (const call of reply.tool_calls) {
      if (call.type !== 'function') continue
      const { order_id } = JSON.parse(call.function.arguments) as { order_id: string }
      messages.push({ role: 'tool', tool_call_id: call.id, content: lookupOrder(order_id) })
    }
  }
  throw new Error('too many tool calls')
}
