import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { CommandResult, Commands } from '../agents/ports/commands.ts'
import { Fault } from '../agents/ports/fault.ts'
import { lazily } from '../agents/ports/lazily.ts'
import type { Timers } from '../agents/ports/time.ts'
import { commandEnvironment } from './environment.ts'
import { detectIsolation, type Isolation } from './isolation.ts'
import {
  type CountedIn,
  commandLimits,
  type GivenLimits,
  limited,
  type Passed,
  passedText,
  refusedText,
} from './limits.ts'
import { CappedOutput, MAX_FLOOD_BYTES } from './output.ts'
import { killGroup, killStragglers } from './stragglers.ts'
import { type Watched, watch } from './watch.ts'

const NOT_STARTED = 127
const TIMED_OUT = 124

/** Between asking a command to end and ending it. */
const GRACE_MS = 2000
/** For the last output of a command whose pipes somebody still holds. */
const DRAIN_MS = 500

export interface LocalCommandsOptions {
  /** PATH of the commands. */
  readonly path: string
  readonly timers: Timers
  /** By default the best that works on this machine, found out at the first command. */
  readonly isolation?: Isolation
  /** Refuses commands where nothing isolates them; default no. */
  readonly isolated?: boolean
  /** Whether isolated commands may use the network; default no. */
  readonly network?: boolean
  /** Folders that isolated commands must not see. */
  readonly hidden?: readonly string[]
  /** What a command may take of the machine; by default what `commandLimits` says. */
  readonly limits?: GivenLimits
  /** Whether nobody but us runs processes as this user; default no. */
  readonly ownUser?: boolean
  /** Whether files of workspaces may show another owner than this user, as behind an access point of EFS; default no. */
  readonly otherOwner?: boolean
}

type Child = ChildProcessByStdio<null, Readable, Readable>

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * Commands as child processes of this machine (design 6.3). A call throws `commands_not_isolated`, and
 * `service_unavailable` when it cannot be told now what isolates commands here.
 */
export function localCommands(options: LocalCommandsOptions): Commands {
  const { path, timers, network = false, hidden = [], ownUser = false, otherOwner = false } = options
  const limits = commandLimits(options.limits)
  const isolation = lazily(
    async () => options.isolation ?? (await detectIsolation({ path, network, hidden })),
  )

  return {
    async run(command, { cwd, timeoutMs, signal }): Promise<CommandResult> {
      const isolated = await isolation()
      if (options.isolated === true && isolated.name === 'none') throw new Fault('commands_not_isolated')
      signal.throwIfAborted()
      const cookie = randomUUID()
      const [file = '', ...args] = isolated.argv(limited(command, limits, countedIn(isolated, ownUser)), cwd)
      const child = await started(file, args, {
        cwd,
        env: commandEnvironment({ path, workspace: cwd, cookie, otherOwner }),
      })
      if (typeof child === 'string') return notStarted(cwd, child)
      const { stdout, stderr, flood } = printedBy(child)
      const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
      const deadline = timers.deadline(timeoutMs)
      const watched = watching(child, { cookie, cwd, limits }, timers)
      const ending = await endOf(child, AbortSignal.any([signal, deadline.signal, flood]), timers)
      const timedOut = deadline.signal.aborted && !signal.aborted
      deadline.cancel()
      const passed = await watched.end()

      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL')
      if (isolated.name === 'none') await killStragglers(cookie)
      await drained(child, closed, timers)
      signal.throwIfAborted()
      const exitCode = timedOut ? TIMED_OUT : exitCodeOf(ending)
      const told = stderr.text()
      const note = (): string => {
        if (timedOut) return `[timed out after ${timeoutMs} ms]\n`
        if (passed !== null) return passedText(passed, limits)
        if (flood.aborted) return `[ended after ${MAX_FLOOD_BYTES} bytes of output]\n`
        return refusedText({ exitCode, stderr: told }, limits)
      }
      return { exitCode, stdout: stdout.text(), stderr: told + note(), timedOut }
    },
  }
}

/**
 * The child once it runs, or why it does not: `spawn` throws some of the reasons and tells the others later, and a child
 * that got no file descriptors has no streams.
 */
function started(
  file: string,
  args: readonly string[],
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Child | string> {
  return new Promise((resolve, reject) => {
    try {
      const child = spawn(file, args, {
        ...place,
        detached: true, // a process group of its own, to be killed as one
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      if (child.pid !== undefined) resolve(child)
    } catch (error) {
      if (typeof error === 'object' && error !== null && 'code' in error) resolve(String(error.code))
      else reject(error)
    }
  })
}

/** Codes that say nothing about the command to whoever wrote it. */
const REASONS: Readonly<Record<string, string>> = {
  E2BIG: 'the command is too long (E2BIG); write its text into a file and run that',
  ERR_INVALID_ARG_VALUE: 'the command holds a NUL character',
}

const notStarted = (cwd: string, code: string): CommandResult => ({
  exitCode: NOT_STARTED,
  stdout: '',
  stderr: `cannot start in ${cwd}: ${REASONS[code] ?? code}\n`,
  timedOut: false,
})

/** What a child prints, by and by; `flood` aborts when that is too much. */
function printedBy(child: Child) {
  const stdout = new CappedOutput()
  const stderr = new CappedOutput()
  const flood = new AbortController()
  let printed = 0
  const collect = (output: CappedOutput) => (chunk: Buffer) => {
    output.push(chunk)
    printed += chunk.length
    if (printed > MAX_FLOOD_BYTES) flood.abort()
  }
  child.stdout.on('data', collect(stdout))
  child.stderr.on('data', collect(stderr))
  return { stdout, stderr, flood: flood.signal }
}

/** Isolation brings a user namespace, unless the tool can do without one because it is root's. */
function countedIn(isolation: Isolation, ownUser: boolean): CountedIn {
  if (ownUser) return 'user'
  return isolation.name === 'none' ? 'nowhere' : { otherThan: readlinkSync('/proc/self/ns/user') }
}

interface Watching {
  /** Ends the watch; tells for which limit it has killed the command, if it has. */
  end(): Promise<Passed | null>
}

/** Kills a command that passes a limit, without asking: it would grow while it is asked. */
function watching(child: ChildProcess, command: Omit<Watched, 'pid'>, timers: Timers): Watching {
  const over = new AbortController()
  const { pid } = child
  if (pid === undefined) return { end: async () => null }
  const passed = watch({ ...command, pid }, timers, over.signal).then((passed) => {
    if (passed === null || over.signal.aborted) return null
    killGroup(pid, 'SIGKILL')
    return passed
  })
  passed.catch(() => {}) // told by end()
  return {
    end: () => {
      over.abort()
      return passed
    },
  }
}

/** Waits for a child; when `stop` aborts, its group is ended. */
async function endOf(child: ChildProcess, stop: AbortSignal, timers: Timers): Promise<Ending> {
  const over = new AbortController()
  let asked = () => {}
  try {
    return await new Promise<Ending>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
      asked = () => void ended(child, timers, over.signal).then(resolve, () => {}) // it ended within the grace
      stop.addEventListener('abort', asked)
      if (stop.aborted) asked()
    })
  } finally {
    stop.removeEventListener('abort', asked)
    over.abort()
  }
}

/**
 * Asks a child's group to end, ends it after a grace, and after another waits no longer: what another user's program is
 * (setuid), or hangs in the kernel on a file system that does not answer, cannot be killed.
 */
async function ended(child: ChildProcess, timers: Timers, over: AbortSignal): Promise<Ending> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (child.pid !== undefined) killGroup(child.pid, signal)
    await timers.sleep(GRACE_MS, over)
  }
  child.unref()
  return { code: null, signal: 'SIGKILL' }
}

/** Waits for the output's end, though not for whoever holds a pipe open and could not be killed. */
async function drained(child: Child, closed: Promise<void>, timers: Timers): Promise<void> {
  const enough = new AbortController()
  await Promise.race([closed, timers.sleep(DRAIN_MS, enough.signal).catch(() => {})])
  enough.abort()
  child.stdout.destroy()
  child.stderr.destroy()
}

const exitCodeOf = (ending: Ending): number =>
  ending.code ?? 128 + constants.signals[ending.signal ?? 'SIGKILL']
