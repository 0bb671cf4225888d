import { realpath } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import type { CommandResult, Commands } from '../agents/ports/commands.ts'
import { Fault } from '../agents/ports/fault.ts'
import { lazily } from '../agents/ports/lazily.ts'
import type { Timers } from '../agents/ports/time.ts'
import { type AwsClientOptions, unavailable, withTimeouts } from '../stores/aws/client-options.ts'
import { barrier, barriersBelow, changedFolders, TRUSTED_MS } from './visibility.ts'

/** What the sandbox function is invoked with (design 6.3). */
export interface SandboxRequest {
  /** Relative to the workspace root; `.` is the root itself. */
  readonly workspace: string
  /** For `sh -c`. */
  readonly command: string
  readonly timeout_ms: number
  /** Folders, relative to the workspace, that changed lately on our side: the sandbox looks at them afresh. */
  readonly barriers: readonly string[]
}

/** What the sandbox function answers: a CommandResult, and the folders that changed meanwhile on its side. */
export interface SandboxAnswer {
  readonly exit_code: number
  readonly stdout: string
  readonly stderr: string
  readonly timed_out: boolean
  /** Relative to the workspace. */
  readonly changed: readonly string[]
}

export interface SandboxClientOptions extends AwsClientOptions {
  /** Name or ARN. */
  readonly functionName: string
  /** Absolute: what the sandbox mounts, as this function sees it. */
  readonly workspaceDir: string
  readonly timers: Timers
  /** What an answer may take beyond the command's own time: a cold start, the end of the command. Default 20 s. */
  readonly answerMarginMs?: number
}

const ANSWER_MARGIN_MS = 20_000
const SERVICE = 'the sandbox of commands'
/** Between tries of a call that Lambda did not let begin. */
const THROTTLED_PAUSES_MS = [1_000, 2_000, 4_000, 8_000]

/**
 * Commands in the sandbox function. A call is made once: a command that was cut off may have done its work. Only one that
 * Lambda throttled is made again, within the time of the command: it never began. An abort stops the waiting; the command
 * itself ends by its own time limit. Throws `path_refused` for a folder outside of the workspace root and
 * `service_unavailable`.
 */
export function createSandboxClient(options: SandboxClientOptions): Commands {
  const { functionName, workspaceDir, timers, answerMarginMs = ANSWER_MARGIN_MS, ...clientOptions } = options
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-lambda')
    const { requestHandler, ...others } = withTimeouts(clientOptions)
    // Called once, a command must not meet a connection that died while Lambda kept this process frozen. Keep-alive holds
    // the one of a long command: a NAT gateway forgets what is silent for 350 s.
    const agent = { keepAlive: true, maxFreeSockets: -1 } // to Node 0 is the default, 256
    const handler = { ...requestHandler, httpAgent: agent, httpsAgent: agent }
    return { sdk, client: new sdk.LambdaClient({ ...others, requestHandler: handler, maxAttempts: 1 }) }
  })

  const invokeOnce = async (request: SandboxRequest, signal: AbortSignal): Promise<SandboxAnswer> => {
    const { client, sdk } = await load()
    try {
      const { FunctionError, Payload } = await client.send(
        new sdk.InvokeCommand({
          FunctionName: functionName,
          InvocationType: 'RequestResponse',
          Payload: Buffer.from(JSON.stringify(request)),
        }),
        { abortSignal: signal, requestTimeout: request.timeout_ms + answerMarginMs },
      )
      return parseAnswer(Payload?.transformToString() ?? '', FunctionError !== undefined)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof Fault ? error : unavailable(SERVICE, error)
    }
  }

  const invoke = async (request: SandboxRequest, signal: AbortSignal): Promise<SandboxAnswer> => {
    let left = request.timeout_ms
    for (const pause of THROTTLED_PAUSES_MS) {
      try {
        return await invokeOnce({ ...request, timeout_ms: left }, signal)
      } catch (error) {
        if (!wasThrottled(error) || pause >= left) throw error
      }
      await timers.sleep(pause, signal)
      left -= pause
    }
    return await invokeOnce({ ...request, timeout_ms: left }, signal)
  }

  return {
    async run(command, { cwd, timeoutMs, signal }): Promise<CommandResult> {
      signal.throwIfAborted()
      const workspace = await pathBelow(workspaceDir, cwd)
      const now = await barrier(cwd)
      const barriers = now === null ? ['.'] : await changedFolders(cwd, now - TRUSTED_MS)
      const request = { workspace, command, timeout_ms: Math.max(1, Math.floor(timeoutMs)), barriers }
      const answer = await invoke(request, signal)
      await barriersBelow(cwd, answer.changed)
      return {
        exitCode: answer.exit_code,
        stdout: answer.stdout,
        stderr: answer.stderr,
        timedOut: answer.timed_out,
      }
    },
  }
}

const wasThrottled = (error: unknown): boolean =>
  error instanceof Fault && error.cause instanceof Error && error.cause.name === 'TooManyRequestsException'

async function pathBelow(workspaceDir: string, cwd: string): Promise<string> {
  const [root, folder] = await Promise.all(
    [workspaceDir, cwd].map((path) => realpath(path).catch(() => path)), // what is missing is told by the sandbox
  )
  const path = relative(root!, folder!)
  if (path === '..' || path.startsWith('../') || isAbsolute(path)) {
    throw new Fault('path_refused', { path: cwd, problem: `commands run below ${workspaceDir} only` })
  }
  return path === '' ? '.' : path
}

/** Errors of our own handler; what Lambda itself says holds ids and times, so there the type is enough. */
const OWN_ERRORS = new Set(['Fault', 'Refusal'])

function parseAnswer(text: string, failed: boolean): SandboxAnswer {
  const problem = (problem: string) => new Fault('service_unavailable', { service: SERVICE, problem })
  const answer = parseObject(text)
  if (failed) {
    const { errorType, errorMessage } = answer ?? {}
    const told = typeof errorType === 'string' && OWN_ERRORS.has(errorType) ? errorMessage : errorType
    throw problem(typeof told === 'string' ? told : 'it failed')
  }
  if (!isAnswer(answer)) throw problem('its answer cannot be read')
  return answer
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : null
  } catch {
    return null
  }
}

/** A command may answer in the sandbox's place: it is believed its words, and nothing about their types. */
function isAnswer(
  answer: Readonly<Record<string, unknown>> | null,
): answer is SandboxAnswer & Readonly<Record<string, unknown>> {
  return (
    Number.isInteger(answer?.exit_code) &&
    typeof answer?.stdout === 'string' &&
    typeof answer.stderr === 'string' &&
    typeof answer.timed_out === 'boolean' &&
    Array.isArray(answer.changed) &&
    answer.changed.every((folder) => typeof folder === 'string')
  )
}
