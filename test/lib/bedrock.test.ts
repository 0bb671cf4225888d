import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { App, Stack } from 'aws-cdk-lib'
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { StatelessDecl } from '../../bytecode/manifest.ts'
import { bedrockModels, grantBedrock } from '../../lib/constructs/bedrock.ts'
import { NeamStack } from '../../lib/neam-stack.ts'
import { agentsOf } from '../../lib/program.ts'
import { readSettings } from '../../lib/settings.ts'
import { agentDecl } from '../support/model-bench.ts'
import { resolved, resourcesOf } from '../support/stack.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const HERE = { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '111122223333' }
const agent = (model: string, fields: Partial<StatelessDecl> = {}) =>
  agentDecl({ provider: 'bedrock', model, ...fields })

interface Statement {
  readonly Resource: unknown
  readonly Condition?: unknown
}

/** What a role may call Bedrock for in a stack in eu-west-1: resources, and conditions. */
function allowedFor(...models: readonly string[]) {
  const stack = new Stack(new App(), 'Roles')
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  grantBedrock(role, bedrockModels(models.map((model) => agent(model))))
  const [policy] = Object.values(resourcesOf(Template.fromStack(stack), 'AWS::IAM::Policy'))
  const { Statement: statements } = policy!.Properties.PolicyDocument as { Statement: readonly Statement[] }
  return statements.flatMap(({ Resource: resources, Condition }) =>
    [resources].flat().map((one) => [resolved(one, HERE), ...(Condition === undefined ? [] : [Condition])]),
  )
}

describe('a function that asks Bedrock may call', () => {
  test.each([
    [
      'a foundation model in its region',
      'amazon.nova-lite-v1:0',
      ['arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0'],
    ],
    [
      "an inference profile, and its model in all of the profile's regions",
      'eu.amazon.nova-lite-v1:0',
      [
        'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0',
        'arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0',
      ],
    ],
    [
      'a global profile, whose model is asked for without a region, too',
      'global.anthropic.claude-sonnet-4-5-20250929-v1:0',
      [
        'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0',
        'arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0',
        'arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0',
      ],
    ],
    [
      'a name of the book, by the profile of whatever region it is',
      'claude-sonnet-4',
      [
        'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/*.anthropic.claude-sonnet-4-20250514-v1:0',
        'arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0',
      ],
    ],
    [
      'a profile that is named by its ARN',
      'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0',
      [
        'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0',
        'arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0',
      ],
    ],
    [
      'a model of the account',
      'arn:aws:bedrock:eu-west-1:111122223333:provisioned-model/a1b2c3d4e5f6',
      ['arn:aws:bedrock:eu-west-1:111122223333:provisioned-model/a1b2c3d4e5f6'],
    ],
  ])('%s: %s', (_claim, model, resources) => {
    expect(allowedFor(model)).toEqual(resources.map((resource) => [resource]))
  })

  test("a profile of the account's own, and models only by it", () => {
    const arn = 'arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2c3d4e5f6'
    expect(allowedFor(arn)).toEqual([
      [arn],
      ['arn:aws:bedrock:*::foundation-model/*', { StringEquals: { 'bedrock:InferenceProfileArn': arn } }],
    ])
  })

  test('each model once, however many agents name it', () => {
    expect(allowedFor('amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0', 'amazon.nova-pro-v1:0')).toEqual([
      ['arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0'],
      ['arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0'],
    ])
  })
})

describe('the program of a stack', () => {
  const program = (text: string): string => {
    const path = join(temporaryDirectory(), 'filing.neam')
    writeFileSync(path, text)
    return path
  }

  test('is compiled to see what its agents ask', () => {
    const path = program(
      'agent filer { provider: "bedrock" model: "amazon.nova-lite-v1:0" system: "You file letters." }',
    )
    expect(agentsOf(path)).toMatchObject([
      { name: 'filer', provider: 'bedrock', model: 'amazon.nova-lite-v1:0' },
    ])
  })

  test('that does not compile is refused at synthesis, with its diagnostics', () => {
    const path = program('agent filer { provider: "bedrock" system: "x" }')
    expect(() => agentsOf(path)).toThrow(/^context program: it does not compile\n(?:.*\n)*.*filing\.neam:1:/)
  })
})

test('egress bedrock-endpoints-only warns of agents that it leaves without their provider', () => {
  const warnings = (agents: readonly StatelessDecl[], context: Record<string, string> = {}) => {
    const app = new App({ context: { egress: 'bedrock-endpoints-only', ...context } })
    const stack = new NeamStack(app, 'Neam', { settings: { ...readSettings(app.node), agents } })
    return Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('bedrock-endpoints-only'))
      .map(({ entry }) => String(entry.data).split(' [ack')[0])
  }
  const inside = agentDecl({ name: 'inside', endpoint: 'http://10.42.0.7:8000/v1' })
  const agents = [agent('amazon.nova-lite-v1:0'), inside, agentDecl({ name: 'writer' })]
  expect(warnings(agents)).toEqual([
    'egress "bedrock-endpoints-only" reaches no other provider than bedrock, and these agents name one: writer (openai)',
  ])
  expect(warnings(agents.slice(0, 2))).toEqual([])
  expect(warnings(agents, { offline: 'on' })).toEqual([])
})
