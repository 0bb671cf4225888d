import { Aws } from 'aws-cdk-lib'
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { AgentDecl } from '../../bytecode/manifest.ts'
import { bedrockRoute } from '../../providers/bedrock-models.ts'

/** Of Converse, and of ConverseStream. */
const ACTIONS = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream']

/** Models that agents ask Bedrock for as the function that they run in: no key speaks for them. Each once. */
export const bedrockModels = (agents: readonly AgentDecl[]): readonly string[] => [
  ...new Set(
    agents
      .filter(({ provider, apiKeyEnv }) => provider === 'bedrock' && apiKeyEnv === null)
      .map(({ model }) => model),
  ),
]

/** Lets a function call these models, and no others. */
export function grantBedrock(grantee: IGrantable, models: readonly string[]): void {
  for (const model of models)
    for (const statement of statementsFor(model)) grantee.grantPrincipal.addToPrincipalPolicy(statement)
}

function statementsFor(model: string): PolicyStatement[] {
  const route = bedrockRoute(model)
  if (route.arn !== null) return ofAccount(route.arn)
  const region = route.profile === null ? Aws.REGION : '*'
  const models = [foundationModel(region, route.model)]
  if (route.profile === null) return [allow(models)]
  // A global profile is asked for its models without a region, too.
  if (route.profile.startsWith('global.')) models.push(foundationModel('', route.model))
  return [
    allow([
      `arn:${Aws.PARTITION}:bedrock:${Aws.REGION}:${Aws.ACCOUNT_ID}:inference-profile/${route.profile}`,
      ...models,
    ]),
  ]
}

const foundationModel = (region: string, id: string | null): string =>
  `arn:${Aws.PARTITION}:bedrock:${region}::foundation-model/${id}`

/** A profile of the account's own does not tell its models: they may be called by it only. */
const ofAccount = (arn: string): PolicyStatement[] =>
  arn.includes(':application-inference-profile/')
    ? [
        allow([arn]),
        allow([foundationModel('*', '*')], { StringEquals: { 'bedrock:InferenceProfileArn': arn } }),
      ]
    : [allow([arn])]

const allow = (resources: string[], conditions: Record<string, Record<string, string>> = {}) =>
  new PolicyStatement({ actions: ACTIONS, resources, conditions })
