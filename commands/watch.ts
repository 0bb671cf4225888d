import { statfs } from 'node:fs/promises'
import type { Timers } from '../agents/ports/time.ts'
import type { CommandLimits, Passed } from './limits.ts'
import { allProcesses, ownMemoryBytes, type ProcessStatus, statusOf } from './processes.ts'
import { holds, markOf } from './stragglers.ts'

/** Long enough to cost nothing, short enough that memory and disk are not filled in between. */
const INTERVAL_MS = 200

export interface Watched {
  /** The first process of the command; it leads a session of its own. */
  readonly pid: number
  /** What the environment of the command's processes holds. */
  readonly cookie: string
  readonly cwd: string
  readonly limits: CommandLimits
}

/**
 * Looks at a command again and again, until `signal` aborts or it has passed a limit that no process of it can be held to
 * alone: what all of them take together, and what is left of the disk. Null when it was never passed.
 */
export async function watch(watched: Watched, timers: Timers, signal: AbortSignal): Promise<Passed | null> {
  const group = new CommandGroup(watched)
  const hadRoom = (await freeBytes(watched.cwd)) >= watched.limits.freeDiskBytes
  try {
    for (;;) {
      await timers.sleep(INTERVAL_MS, signal)
      const passed = await passedNow(group, watched, hadRoom)
      if (passed !== null) return passed
    }
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
}

async function passedNow(
  group: CommandGroup,
  { cwd, limits }: Watched,
  hadRoom: boolean,
): Promise<Passed | null> {
  const members = await group.members()
  if (sum(members.map(({ threads }) => threads)) > limits.processes) return 'processes'
  const usesTooMuch = async (of: readonly ProcessStatus[]) => await usesMoreThan(limits.memoryBytes, of)
  // What a process shares with those that it starts between two readings is counted twice: only a second look tells.
  if ((await usesTooMuch(members)) && (await usesTooMuch(await group.members()))) return 'memory'
  return hadRoom && (await freeBytes(cwd)) < limits.freeDiskBytes ? 'disk' : null
}

/** The cheap sum counts what is shared once for each who shares it: it is only asked whether a closer look is needed. */
async function usesMoreThan(bytes: number, members: readonly ProcessStatus[]): Promise<boolean> {
  if (sum(members.map(({ residentBytes }) => residentBytes)) <= bytes) return false
  const own = await Promise.all(
    members.map(async ({ pid, residentBytes }) => (await ownMemoryBytes(pid)) ?? residentBytes),
  )
  return sum(own) > bytes
}

/** Of the disk that `path` lies on, for whoever is not root; what cannot be asked is not short. */
async function freeBytes(path: string): Promise<number> {
  const disk = await statfs(path).catch(() => null)
  return disk === null ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize
}

/** The processes of a command: its session, their children, and those that left both but kept its cookie. */
class CommandGroup {
  readonly #root: number
  readonly #mark: Buffer
  /** By pid, the start of those that were seen to belong to it. */
  readonly #seen = new Map<number, number>()
  #rootStartedAt: number | null = null

  constructor({ pid, cookie }: Pick<Watched, 'pid' | 'cookie'>) {
    this.#root = pid
    this.#mark = markOf(cookie)
  }

  async members(): Promise<readonly ProcessStatus[]> {
    this.#rootStartedAt ??= (await statusOf(String(this.#root)))?.startedAt ?? null
    const since = this.#rootStartedAt ?? Number.POSITIVE_INFINITY
    const candidates = (await allProcesses()).filter(({ startedAt }) => startedAt >= since)
    const found = new Map<number, ProcessStatus>()
    // Older ones first: a parent is looked at before its children.
    for (const one of candidates.sort((a, b) => a.startedAt - b.startedAt || a.pid - b.pid)) {
      if (await this.#isOurs(one, found)) found.set(one.pid, one)
    }
    return [...found.values()]
  }

  async #isOurs(
    { pid, session, parent, startedAt }: ProcessStatus,
    found: ReadonlyMap<number, ProcessStatus>,
  ): Promise<boolean> {
    const ours =
      pid === this.#root ||
      session === this.#root ||
      found.has(parent) ||
      this.#seen.get(pid) === startedAt ||
      (await holds(pid, this.#mark))
    if (ours) this.#seen.set(pid, startedAt)
    return ours
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
