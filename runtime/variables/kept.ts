import { DIRECTORY, EVERYONE, LOCAL, TEXT, type VariableGroup } from './variable.ts'

/** Where sessions, state and workspaces are kept. */
export const KEPT: VariableGroup = {
  title: 'Where things are kept',
  variables: [
    {
      name: 'NEAM_SESSIONS_DIR',
      meaning: 'sessions of claw agents',
      takes: DIRECTORY,
      initial: '`.neam/sessions`',
      readBy: EVERYONE,
      page: 'session-file.md',
    },
    {
      name: 'NEAM_STATE_DIR',
      meaning: 'forge runs, budgets, approvals, kill switch',
      takes: DIRECTORY,
      initial: '`.neam/state`; with NEAM_SESSIONS_DIR, `.state` in it',
      readBy: EVERYONE,
      page: 'session-file.md',
    },
    {
      name: 'NEAM_WORKSPACE_DIR',
      meaning: 'what relative workspaces of agents resolve against',
      takes: DIRECTORY,
      initial: 'the current directory',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_SECRETS_DIR',
      meaning: 'secrets as files, each named as its variable, which they win over',
      takes: DIRECTORY,
      initial: 'secrets are in the environment',
      readBy: LOCAL,
      page: 'containers.md',
    },
    {
      name: 'NEAM_MEMORY_DIR',
      meaning: 'indexes of what agents remember: a cache, on a local disk, that may be deleted',
      takes: DIRECTORY,
      initial: 'a directory in the one for temporary files',
      readBy: EVERYONE,
      page: 'memory.md',
      rare: true,
    },
    {
      name: 'NEAM_TREE',
      meaning: 'whether sessions and state that are not there are made, or refused',
      takes: '`create` or `require`',
      initial: '`create`',
      readBy: EVERYONE,
      page: 'session-file.md',
      rare: true,
    },
    {
      name: 'NEAM_TREE_OF',
      meaning: 'name of this deployment; files that another one made are refused',
      takes: TEXT,
      initial: 'any will do',
      readBy: EVERYONE,
      page: 'session-file.md',
      rare: true,
    },
  ],
}
