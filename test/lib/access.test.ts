import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Template } from 'aws-cdk-lib/assertions'
import { type Resource, resolved, resourcesOf, synthesize } from '../support/stack.ts'

/** Lambda refuses a resource policy with more bytes. */
const MAX_FUNCTION_POLICY = 20_480

describe('who may do what', () => {
  let template: Template
  beforeAll(() => {
    ;({ template } = synthesize({ streaming: 'on' }))
  })
  const policyStatements = (resource: Resource, property: string) =>
    (resource.Properties[property] as { readonly Statement: Record<string, unknown>[] }).Statement

  test('the permissions of API Gateway fit into the policy that a function may have, and name their API', () => {
    const bytes: Record<string, number> = {}
    for (const [id, { Properties }] of Object.entries(resourcesOf(template, 'AWS::Lambda::Permission'))) {
      const [name] = (Properties.FunctionName as { readonly 'Fn::GetAtt': readonly [string] })['Fn::GetAtt']
      const source = resolved(Properties.SourceArn, { 'AWS::AccountId': '123456789012' })
      expect(source).toMatch(/:execute-api:.*:123456789012:/)
      const statement = {
        Sid: `Neam-${id}-ABCDEFGHIJKL`,
        Effect: 'Allow',
        Principal: { Service: Properties.Principal },
        Action: Properties.Action,
        Resource: `arn:aws:lambda:eu-central-1:123456789012:function:Neam-${name}-ABCDEFGHIJKL`,
        Condition: { ArnLike: { 'AWS:SourceArn': source } },
      }
      bytes[name] = (bytes[name] ?? 0) + JSON.stringify(statement).length
    }
    expect(Object.keys(bytes)).toHaveLength(2)
    for (const total of Object.values(bytes)) expect(total).toBeLessThan(MAX_FUNCTION_POLICY / 4)
  })

  test('alarms may be told to the topic, by CloudWatch of this account only', () => {
    const [policy] = Object.values(resourcesOf(template, 'AWS::SNS::TopicPolicy'))
    // A topic with a policy of its own loses the one that lets everybody of the account publish.
    expect(policyStatements(policy!, 'PolicyDocument')).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    )
  })

  test('nobody reaches the tree without TLS or around an access point, and nobody by its policy alone', () => {
    const [fileSystem] = Object.values(resourcesOf(template, 'AWS::EFS::FileSystem'))
    const statements = policyStatements(fileSystem!, 'FileSystemPolicy')
    const actions = ['ClientMount', 'ClientRootAccess', 'ClientWrite'].map(
      (name) => `elasticfilesystem:${name}`,
    )
    const deny = { Effect: 'Deny', Principal: { AWS: '*' }, Action: actions }
    expect(statements).toEqual([
      { ...deny, Sid: 'OnlyWithTls', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      {
        ...deny,
        Sid: 'OnlyThroughAnAccessPoint',
        Condition: { Null: { 'elasticfilesystem:AccessPointArn': 'true' } },
      },
    ])
  })
})
