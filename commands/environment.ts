/** Marks the processes of one command, so that those that left its process group are found (stragglers.ts). */
export const COOKIE = 'NEAM_COMMAND'

export interface EnvironmentOptions {
  readonly path: string
  readonly workspace: string
  readonly cookie: string
  /** Whether files of the workspace may show another owner than who runs the command. */
  readonly otherOwner: boolean
}

/** Git works only in repositories of its own user, unless it is told to. */
const ANY_OWNER = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
} as const

/** All that a command sees: nothing of our own environment but PATH. */
export const commandEnvironment = ({
  path,
  workspace,
  cookie,
  otherOwner,
}: EnvironmentOptions): Record<string, string> => ({
  PATH: path,
  HOME: workspace,
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  CI: 'true',
  [COOKIE]: cookie,
  ...(otherOwner ? ANY_OWNER : {}),
})
