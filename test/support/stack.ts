import { Annotations, App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import cdkJson from '../../cdk.json' with { type: 'json' }
import { NeamStack } from '../../lib/neam-stack.ts'
import { readSettings, type StackSettings } from '../../lib/settings.ts'
import { temporaryDirectory } from './temporary.ts'

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

/** What `cdk synth` makes with `-c name=value` for each of `context`, or with settings in the place of those. */
export function synthesize(
  context: Readonly<Record<string, string>> = {},
  settings: Partial<StackSettings> = {},
) {
  const outdir = temporaryDirectory()
  // With the feature flags that `cdk synth` reads.
  const app = new App({ context: { ...cdkJson.context, ...context }, outdir })
  const stack = new NeamStack(app, 'Neam', { settings: { ...readSettings(app.node), ...settings } })
  // Most tests take any program, whatever the egress; synthesizing prints this one for each of them.
  Annotations.of(stack).acknowledgeWarning('neam:providerUnreachable')
  const assembly = app.synth()
  return { template: Template.fromStack(stack), directory: assembly.directory }
}

/** The resources of a type, by logical id. */
export const resourcesOf = (template: Template, type: string): Readonly<Record<string, Resource>> =>
  template.findResources(type) as Record<string, Resource>

/** A text that CloudFormation would put together, with `values` (by id of a `Ref`) in place of what it knows only then. */
export function resolved(value: unknown, values: Readonly<Record<string, string>> = {}): string {
  if (typeof value === 'string') return value
  const intrinsic = value as { readonly Ref?: string; readonly 'Fn::Join'?: readonly [string, unknown[]] }
  if (intrinsic['Fn::Join'] !== undefined) {
    const [separator, parts] = intrinsic['Fn::Join']
    return parts.map((part) => resolved(part, values)).join(separator)
  }
  return (intrinsic.Ref && values[intrinsic.Ref]) ?? 'x'.repeat(24)
}
