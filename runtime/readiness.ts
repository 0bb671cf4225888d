import { Fault, faultText } from '../agents/ports/fault.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'
import type { World } from '../agents/world.ts'
import type { AgentDecl } from '../bytecode/manifest.ts'
import { reachProvider } from '../providers/reach.ts'
import type { FileSystemState } from '../stores/aws/efs.ts'
import type { Tree } from '../stores/tree/tree.ts'

/** What one check of GET /ready found. */
export interface Check {
  readonly ok: boolean
  /** How long it took. */
  readonly ms: number
  /** What it found or, where it failed, what is wrong; never a secret. */
  readonly detail: string
}

export interface ReadinessOptions {
  /** Asks EFS about the file system of the tree; null where there is none. */
  readonly fileSystem: (() => Promise<FileSystemState>) | null
  /** Rejects with a Fault where it is not known where a provider is asked. */
  readonly providerUrls: (agents: readonly AgentDecl[]) => readonly string[] | Promise<readonly string[]>
  readonly clock: Clock
  readonly timers: Timers
}

/** Probes come every few seconds, from several sides: what is asked over the network is asked once in this time. */
const KEPT_MS = 10_000
/** Load balancers wait for a probe for about five seconds. */
const LIMIT_MS = 3_000

export type Readiness = (world: World, tree: Tree) => Promise<Readonly<Record<string, Check>>>

/** What keeps agents of the program from their models, such as a missing key; one sentence for each cause. */
export async function modelWarnings(world: World): Promise<readonly string[]> {
  const found = await Promise.allSettled(
    world.program.module.manifest.agents.map((agent) => world.models.for(agent)),
  )
  const faults = found.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  return [...new Set(faults.map((fault) => (fault instanceof Fault ? faultText(fault) : String(fault))))]
}

/** All that a process needs to serve requests (chapter 28.8: agents loaded, LLM connectivity), each part asked at once. */
export function systemReadiness(options: ReadinessOptions): Readiness {
  const { fileSystem, providerUrls, clock, timers } = options
  const reach = keptFor(clock, (url) => reachProvider(url, timers, LIMIT_MS))
  const stateOf = fileSystem && keptFor(clock, fileSystem)
  return async (world, tree) => {
    const { agents } = world.program.module.manifest
    const asked = (async () => await providerUrls(agents))()
    const isOffline = await asked.then(
      (urls) => urls.length === 0,
      () => false,
    )
    const parts: Readonly<Record<string, () => Promise<string>>> = {
      agents: async () => agentsText(agents),
      tree: async () => `writable, ${spaceText(tree.check().freeBytes)}`,
      models: async () => {
        await Promise.all(agents.map((agent) => world.models.for(agent)))
        return isOffline ? 'offline' : 'keys are set'
      },
      ...(isOffline
        ? {}
        : {
            providers: async () => `reached ${(await Promise.all((await asked).map(reach))).join(', ')}`,
          }),
      ...(stateOf === null
        ? {}
        : { file_system: async () => fileSystemText(await withinLimit(timers, stateOf('EFS'))) }),
    }
    const names = Object.entries(parts)
    return Object.fromEntries(
      await Promise.all(names.map(async ([name, part]) => [name, await checked(clock, part)] as const)),
    )
  }
}

async function checked(clock: Clock, part: () => Promise<string>): Promise<Check> {
  const began = clock.now()
  const found = (ok: boolean, detail: string): Check => ({ ok, ms: Math.max(0, clock.now() - began), detail })
  try {
    return found(true, await part())
  } catch (error) {
    return found(false, error instanceof Fault ? faultText(error) : 'internal error')
  }
}

/** Answers of `ask` by what was asked, kept for a while, failures too; those who ask meanwhile wait for the same one. */
function keptFor<T>(clock: Clock, ask: (what: string) => Promise<T>): (what: string) => Promise<T> {
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<T> }>()
  return (what) => {
    const found = kept.get(what)
    if (found && found.until > clock.now()) return found.answer
    const answer = ask(what)
    kept.set(what, { until: clock.now() + KEPT_MS, answer })
    return answer
  }
}

/** The work goes on, its answer is for the next probe. */
async function withinLimit<T>(timers: Timers, work: Promise<T>): Promise<T> {
  const { signal, cancel } = timers.deadline(LIMIT_MS)
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(tooLate('EFS')))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}

const tooLate = (service: string): Fault =>
  new Fault('service_unavailable', { service, problem: `no answer within ${LIMIT_MS} ms` })

function agentsText(agents: readonly AgentDecl[]): string {
  if (agents.length === 0) throw new Fault('bad_request', { problem: 'the program declares no agent' })
  return `${agents.length} loaded`
}

function fileSystemText({ fileSystem, mountTargets, available }: FileSystemState): string {
  const targets = Object.entries(mountTargets).map(([zone, state]) => `${zone} ${state}`)
  const text = `${fileSystem}, mount targets: ${targets.join(', ') || 'none'}`
  if (!available) throw new Fault('service_unavailable', { service: 'EFS', problem: text })
  return text
}

const GIB = 1024 ** 3

/** E.g. `3.2 GiB free`; EFS grows as it is filled, and says that it has exabytes. */
const spaceText = (bytes: number): string =>
  bytes < 1024 ** 2 * GIB ? `${(bytes / GIB).toFixed(1)} GiB free` : 'space without limit'
