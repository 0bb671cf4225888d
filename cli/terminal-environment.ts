import { type Environment, processEnvironment } from '../runtime/environment.ts'

/**
 * The environment of a program that a person runs in a terminal: audit records are kept only where somebody asks for
 * them, and `--offline` counts like NEAM_OFFLINE.
 */
export const terminalEnvironment = (flags: { readonly offline?: boolean }): Environment => ({
  NEAM_AUDIT_SINK: 'none',
  ...processEnvironment(),
  ...(flags.offline ? { NEAM_OFFLINE: '1' } : {}),
})
