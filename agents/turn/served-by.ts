/** What Bedrock's ids have before a model's own name: `us.anthropic.`, and of an ARN all up to its last part. */
const LABEL = /^(?:arn:.*\/|us-gov\.|[a-z]{2,}\.)/

/** An id and its ends down to the model's own name: `us.anthropic.claude-...`, `anthropic.claude-...`, `claude-...`. */
export function namesOf(model: string): readonly [string, ...string[]] {
  const names: [string, ...string[]] = [model]
  for (let name = model; LABEL.test(name); ) {
    name = name.replace(LABEL, '')
    names.push(name)
  }
  return names
}

/** `library/llama3`, `models/gemini-2.0-flash`, `us.anthropic.claude-...` without who serves the model. */
export const ownName = (model: string): string => namesOf(model.replace(/^.*\//, '')).at(-1)!
