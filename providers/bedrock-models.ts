/** Amazon Bedrock's ids of models. */

interface BedrockModel {
  readonly id: string
  /** Geographies whose regions reach it by an inference profile: the profile's id is theirs, a dot, and the model's. */
  readonly profiles: readonly string[]
}

/** Models that the book, or its readers, name as Anthropic does: who changes `provider` need not change `model`. */
const BY_NAME: Readonly<Record<string, BedrockModel>> = {
  'claude-sonnet-4': {
    id: 'anthropic.claude-sonnet-4-20250514-v1:0',
    profiles: ['us', 'eu', 'apac'],
  },
  'claude-opus-4': { id: 'anthropic.claude-opus-4-20250514-v1:0', profiles: ['us'] },
  'claude-3-5-sonnet': { id: 'anthropic.claude-3-5-sonnet-20241022-v2:0', profiles: ['us', 'apac'] },
  'claude-3-5-haiku': { id: 'anthropic.claude-3-5-haiku-20241022-v1:0', profiles: ['us'] },
  'claude-3-haiku': { id: 'anthropic.claude-3-haiku-20240307-v1:0', profiles: [] },
}

/** `us.`, `us-gov.`, `global.`: what an inference profile's id has before the vendor and the model. */
const OF_PROFILE = /^([a-z]+(?:-[a-z]+)?)\.(?=[a-z0-9]+\.)/

/** What a program's model is asked for as in a region; ids and ARNs of Bedrock are taken as they are. */
export function bedrockId(model: string, region: string): string {
  const named = Object.hasOwn(BY_NAME, model) ? BY_NAME[model] : undefined
  if (!named) return model
  const geography = geographyOf(region)
  return named.profiles.includes(geography) ? `${geography}.${named.id}` : named.id
}

/** Bedrock's profiles call Asia and Australia together `apac`. */
function geographyOf(region: string): string {
  const first = region.split('-', 1)[0]!
  if (region.startsWith('us-gov-')) return 'us-gov'
  return first === 'ap' ? 'apac' : first
}

/** What must be allowed for a model to be called, whatever the region. */
export interface BedrockResources {
  /** Id of the foundation model, null = an ARN says nothing of it. */
  readonly model: string | null
  /** Ids of the inference profiles by which it is reached; `*` where the region decides. */
  readonly profile: string | null
  /** An ARN that the program names: a provisioned or imported model, or a profile of the account. */
  readonly arn: string | null
}

/** What a program's model stands for in policies of IAM. */
export function bedrockResources(model: string): BedrockResources {
  if (model.startsWith('arn:')) return { model: null, profile: null, arn: model }
  const named = Object.hasOwn(BY_NAME, model) ? BY_NAME[model] : undefined
  if (named)
    return { model: named.id, profile: named.profiles.length > 0 ? `*.${named.id}` : null, arn: null }
  return { model: model.replace(OF_PROFILE, ''), profile: OF_PROFILE.test(model) ? model : null, arn: null }
}
