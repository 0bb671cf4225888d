import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, normalize, resolve, sep } from 'node:path'
import type { Workspaces } from '../../agents/ports/workspace.ts'
import type { Addressing } from './workspace-folder.ts'

export interface WorkspacesOptions {
  /** NEAM_WORKSPACE_DIR, null when it is not set. */
  readonly workspaceDir: string | null
  readonly cwd: string
  /** Where the program lies; null = not in a folder. */
  readonly programDir?: string | null
  /** How children are addressed; by default what the platform can do. */
  readonly addressing?: Addressing
}

/** Workspaces on a local or mounted file system. */
export function treeWorkspaces(options: WorkspacesOptions): Workspaces {
  return {
    resolve(agent, declared) {
      if (isAbsolute(declared)) return normalize(declared)
      const base = options.workspaceDir === null ? options.cwd : resolve(options.cwd, options.workspaceDir)
      const isBase = resolve(base, declared) === base
      return isBase && options.workspaceDir !== null ? join(base, agent) : resolve(base, declared)
    },

    exists: async (root) => (await stat(root).catch(() => null))?.isDirectory() ?? false,

    async beside(declared, root) {
      const { programDir = null } = options
      if (programDir === null || isAbsolute(declared)) return null
      const folder = resolve(programDir, declared)
      // Beside the program, not around it or elsewhere.
      if (!folder.startsWith(join(programDir, sep))) return null
      const real = await realpath(folder).catch(() => null)
      if (real === null || real === root || !(await this.exists(real))) return null
      return await this.open(real)
    },

    async open(root) {
      const { openWorkspace } = await import('./workspace.ts')
      return await openWorkspace(root, options.addressing)
    },
  }
}
