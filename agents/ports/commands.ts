export interface CommandResult {
  /** 127 = could not start, 124 = timed out. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

/** Runs `sh -c command` in a workspace: scrubbed environment, own process group, capped time and output. */
export interface Commands {
  run(
    command: string,
    options: { readonly cwd: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<CommandResult>
}
