/** Marks the processes of one command, so that those that left its process group are found (stragglers.ts). */
export const COOKIE = 'NEAM_COMMAND'

export interface EnvironmentOptions {
  readonly path: string
  readonly workspace: string
  readonly cookie: string
}

/** All that a command sees: nothing of our own environment but PATH. */
export const commandEnvironment = ({
  path,
  workspace,
  cookie,
}: EnvironmentOptions): Record<string, string> => ({
  PATH: path,
  HOME: workspace,
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  CI: 'true',
  [COOKIE]: cookie,
})
