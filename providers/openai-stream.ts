/** A streamed answer of OpenAI's chat completions, put together as if it had come in one piece. */
import * as v from 'valibot'
import type { TextListener } from '../agents/ports/model.ts'

/** What is read of a chunk. Servers of other vendors leave out what OpenAI always sends. */
const CHUNK = v.object({
  choices: v.nullish(
    v.array(
      v.object({
        delta: v.nullish(
          v.object({
            content: v.nullish(v.string()),
            refusal: v.nullish(v.string()),
            tool_calls: v.nullish(
              v.array(
                v.object({
                  index: v.nullish(v.number()),
                  id: v.nullish(v.string()),
                  function: v.nullish(
                    v.object({ name: v.nullish(v.string()), arguments: v.optional(v.unknown()) }),
                  ),
                }),
              ),
            ),
          }),
        ),
        finish_reason: v.nullish(v.string()),
      }),
    ),
  ),
  usage: v.optional(v.unknown()),
})

type Delta = NonNullable<NonNullable<v.InferOutput<typeof CHUNK>['choices']>[number]['delta']>
type CallPart = NonNullable<Delta['tool_calls']>[number]

interface Call {
  readonly index: number | null
  id: string
  name: string
  arguments: unknown
}

/** The answer in the shape of an unstreamed one; null when it has no end, or a part of it cannot be read. */
export async function gathered(chunks: AsyncIterable<unknown>, listener: TextListener): Promise<unknown> {
  const calls: Call[] = []
  let content: string | null = null
  let refusal: string | null = null
  let finish: string | null = null
  let usage: unknown = null
  for await (const chunk of chunks) {
    const { success, output } = v.safeParse(CHUNK, chunk)
    if (!success) return null
    usage = output.usage ?? usage
    const [choice] = output.choices ?? []
    if (choice === undefined) continue
    finish = choice.finish_reason ?? finish
    const { content: text, refusal: no, tool_calls } = choice.delta ?? {}
    if (text) content = (content ?? '') + text
    if (no) refusal = (refusal ?? '') + no
    const written = text || no
    if (written) listener.delta(written)
    for (const part of tool_calls ?? []) addPart(calls, part)
  }
  if (finish === null) return null
  const tool_calls = calls.map(({ id, name, arguments: given }) => ({
    id,
    function: { name, arguments: given },
  }))
  return { choices: [{ message: { content, refusal, tool_calls }, finish_reason: finish }], usage }
}

/** Some servers number no calls, or all of them 0: another id is another call then. */
function addPart(calls: Call[], { index, id, function: part }: CallPart): void {
  const last = calls.findLast((call) => index == null || call.index === index)
  const isNew = last === undefined || (!!id && last.id !== '' && last.id !== id)
  const call = isNew ? { index: index ?? null, id: '', name: '', arguments: undefined } : last
  if (isNew) calls.push(call)
  if (id) call.id = id
  if (part?.name) call.name += part.name
  const given = part?.arguments
  call.arguments =
    typeof given === 'string' && (call.arguments === undefined || typeof call.arguments === 'string')
      ? `${call.arguments ?? ''}${given}`
      : (given ?? call.arguments)
}
