import { existsSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Node } from 'constructs'
import { choices } from '../bytecode/choices.ts'
import type { AgentDecl } from '../bytecode/manifest.ts'
import { agentsOf } from './program.ts'

const ROOT = join(import.meta.dirname, '..')

const EGRESS = ['nat', 'nat-instance', 'ipv6', 'bedrock-endpoints-only'] as const
/** How the functions reach model providers; docs/deployment.md says what each costs. */
export type Egress = (typeof EGRESS)[number]

const ARCHITECTURES = ['arm64', 'x86_64'] as const

const SWITCH = ['off', 'on'] as const

/** The choices of a deployment, from `context` in cdk.json or `-c name=value`. */
export interface StackSettings {
  /** A second one in the same account and region has another. */
  readonly stackName: string
  /** The program that is baked into the image, relative to the project. */
  readonly program: string
  /** What it declares. */
  readonly agents: readonly AgentDecl[]
  readonly egress: Egress
  readonly architecture: (typeof ARCHITECTURES)[number]
  /** Whether there is a front door that streams, beside the HTTP API. */
  readonly streaming: boolean
  /** Whether every agent answers from the offline model: a deployment that can be tried without a key of a vendor. */
  readonly offline: boolean
  /** How often each function may run at once, kept free for it in the account; null = what the account has left. */
  readonly reservedConcurrency: number | null
  /** How long the logs, audit records among them, are kept. */
  readonly logRetentionDays: RetentionDays
  /** How long a tool call waits for a person. */
  readonly confirmationSeconds: number
  /** Turns of one claw agent at once; null = as many as its lanes let. */
  readonly agentTurns: number | null
  /** Where alarms are sent; null = nowhere. */
  readonly alarmEmail: string | null
  /** What models may cost on one day, in US dollars, before there is an alarm; null = no such alarm. */
  readonly alarmDailyCost: number | null
  /** Where the end of a forge run is told; null = nowhere. */
  readonly webhookUrl: string | null
  /** Where traces are sent; null = nothing is traced. */
  readonly otlpEndpoint: string | null
  /** EventBridge bus, by name or ARN, that it is put on; null = none. */
  readonly eventBus: string | null
}

function choice<T extends string>(node: Node, name: string, accepted: readonly T[]): T {
  const value: unknown = node.tryGetContext(name) ?? accepted[0]
  const found = accepted.find((one) => one === value)
  if (found === undefined) {
    throw new Error(`context ${name} must be ${choices(accepted)}, got ${JSON.stringify(value)}`)
  }
  return found
}

/** Null: it is left out, or empty. */
function wholeNumber(node: Node, name: string, max: number): number | null {
  const value: unknown = node.tryGetContext(name) ?? ''
  if (value === '') return null
  // `-c name=value` gives texts.
  const number = Number(value)
  if (Number.isInteger(number) && number >= 1 && number <= max) return number
  throw new Error(`context ${name} must be a whole number from 1 to ${max}, got ${JSON.stringify(value)}`)
}

/** What CloudWatch accepts. */
const RETENTION = Object.values(RetentionDays)
  .filter((days) => typeof days === 'number')
  .filter((days) => days !== RetentionDays.INFINITE)

function retention(node: Node): RetentionDays {
  const value: unknown = node.tryGetContext('logRetentionDays') ?? RetentionDays.ONE_MONTH
  const found = RETENTION.find((days) => days === Number(value))
  if (found === undefined) {
    throw new Error(
      `context logRetentionDays must be ${choices(RETENTION.map(String))}, got ${JSON.stringify(value)}`,
    )
  }
  return found
}

function stackName(node: Node): string {
  const value: unknown = node.tryGetContext('stackName') ?? 'Neam'
  if (typeof value !== 'string' || !/^[A-Za-z][-A-Za-z0-9]{0,127}$/.test(value)) {
    throw new Error(
      `context stackName must be a letter, then at most 127 letters, digits and hyphens, got ${JSON.stringify(value)}`,
    )
  }
  return value
}

function email(node: Node): string | null {
  const value: unknown = node.tryGetContext('alarmEmail') ?? ''
  if (value === '') return null
  if (typeof value !== 'string' || !/^\S+@\S+$/.test(value)) {
    throw new Error(`context alarmEmail must be an e-mail address, or empty, got ${JSON.stringify(value)}`)
  }
  return value
}

function url(node: Node, name: string, accepted: { readonly protocols: RegExp; readonly words: string }) {
  const value: unknown = node.tryGetContext(name) ?? ''
  if (value === '') return null
  if (typeof value !== 'string' || !accepted.protocols.test(URL.parse(value)?.protocol ?? '')) {
    throw new Error(`context ${name} must be ${accepted.words} URL, or empty, got ${JSON.stringify(value)}`)
  }
  return value
}

function eventBus(node: Node): string | null {
  const value: unknown = node.tryGetContext('eventBus') ?? ''
  if (value === '') return null
  if (typeof value !== 'string' || !EVENT_BUS.test(value)) {
    throw new Error(
      `context eventBus must be the name or the ARN of an EventBridge bus ("default" is each account's own), or empty, got ${JSON.stringify(value)}`,
    )
  }
  return value
}

const EVENT_BUS = /^(?:arn:[\w-]+:events:[\w-]+:\d{12}:event-bus\/)?[/.\-\w]{1,256}$/

/** What `.dockerignore` lets the image build see. */
const PROGRAM_FOLDERS = ['programs', 'examples'] as const

/** Checked here, because the image build would say it late and in its own words. */
function programFile(node: Node): string {
  const program: unknown = node.tryGetContext('program') ?? 'examples/agents.neam'
  const refuse = (problem: string) => new Error(`context program is ${JSON.stringify(program)}; ${problem}`)
  if (typeof program !== 'string' || !program.endsWith('.neam')) {
    throw refuse('it names a .neam file of this project')
  }
  const path = relative(ROOT, resolve(ROOT, program))
  if (!PROGRAM_FOLDERS.some((folder) => path.startsWith(`${folder}${sep}`))) {
    throw refuse(`the image is built from ${PROGRAM_FOLDERS.join(' and ')}: put it there`)
  }
  if (!existsSync(resolve(ROOT, path))) throw refuse('there is no such file')
  return path
}

export function readSettings(node: Node): StackSettings {
  const program = programFile(node)
  return {
    stackName: stackName(node),
    program,
    agents: agentsOf(join(ROOT, program)),
    egress: choice(node, 'egress', EGRESS),
    architecture: choice(node, 'architecture', ARCHITECTURES),
    streaming: choice(node, 'streaming', SWITCH) === 'on',
    offline: choice(node, 'offline', SWITCH) === 'on',
    reservedConcurrency: wholeNumber(node, 'reservedConcurrency', 10_000),
    logRetentionDays: retention(node),
    confirmationSeconds: wholeNumber(node, 'confirmationSeconds', 604_800) ?? 300,
    agentTurns: wholeNumber(node, 'agentTurns', 1000),
    alarmEmail: email(node),
    alarmDailyCost: wholeNumber(node, 'alarmDailyCost', 1_000_000),
    webhookUrl: url(node, 'webhookUrl', { protocols: /^https:$/, words: 'an https' }),
    otlpEndpoint: url(node, 'otlpEndpoint', { protocols: /^https?:$/, words: 'an http or https' }),
    eventBus: eventBus(node),
  }
}
