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

/** What a program's model is reached by. */
export interface BedrockRoute {
  /** Id of the foundation model; null = an ARN does not tell it. */
  readonly model: string | null
  /** Id of AWS's inference profile, with `*` for the part that the region decides; null = there is none in between. */
  readonly profile: string | null
  /** What the program names by an ARN of its account: a profile of its own, a provisioned or an imported model. */
  readonly arn: string | null
}

const OF_MODEL_OR_PROFILE = /^arn:[^/]*:(?:foundation-model|inference-profile)\/(.+)$/

/** The same in every region, so that one may say what must be allowed before it is known where it runs. */
export function bedrockRoute(model: string): BedrockRoute {
  const id = OF_MODEL_OR_PROFILE.exec(model)?.[1] ?? model
  if (id.startsWith('arn:')) return { model: null, profile: null, arn: id }
  const named = Object.hasOwn(BY_NAME, id) ? BY_NAME[id] : undefined
  if (named)
    return { model: named.id, profile: named.profiles.length > 0 ? `*.${named.id}` : null, arn: null }
  return { model: id.replace(OF_PROFILE, ''), profile: OF_PROFILE.test(id) ? id : null, arn: null }
}
