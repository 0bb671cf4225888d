import type { AgentDecl } from '../../bytecode/manifest.ts'
import { HostError, type WorkspaceHost } from '../../vm/host.ts'
import { MAX_LISTED, type Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'
import { refusing } from './refusal.ts'

export interface SceneWorkspaceOptions {
  readonly agent: AgentDecl | null
  /** Null = the agent's own. */
  readonly workspace: Workspace | null
  readonly readOnlyPaths: readonly string[]
  /** Throws while the program may not touch files. */
  allow(native: string): void
  /** True while a skill runs as the model's tool. */
  inTool(): boolean
}

/** The workspace natives of one scene. The folder is opened, and made, at its first use. */
export class SceneWorkspace implements WorkspaceHost {
  readonly #world: World
  readonly #options: SceneWorkspaceOptions
  readonly #readOnly: ReadonlySet<string>
  #opened: Promise<Workspace> | null

  constructor(world: World, options: SceneWorkspaceOptions) {
    this.#world = world
    this.#options = options
    this.#readOnly = new Set(options.readOnlyPaths.map(normalised))
    this.#opened = options.workspace === null ? null : Promise.resolve(options.workspace)
  }

  open(): Promise<Workspace> {
    this.#opened ??= this.#world.workspaces.open(declaredRoot(this.#world, this.#options.agent))
    return this.#opened
  }

  async read(path: string): Promise<string | null> {
    this.#options.allow('workspace_read')
    return await jailed(null, async () => (await this.open()).read(path))
  }

  async write(path: string, text: string): Promise<boolean> {
    this.#options.allow('workspace_write')
    this.#assertWritable(path)
    return await jailed(false, async () => {
      await (await this.open()).write(path, text)
      return true
    })
  }

  async append(path: string, text: string): Promise<boolean> {
    this.#options.allow('workspace_append')
    this.#assertWritable(path)
    return await jailed(false, async () => {
      await (await this.open()).append(path, text)
      return true
    })
  }

  /** One page; the log tells when there are more. */
  async list(path: string, after: string | null): Promise<readonly string[] | null> {
    this.#options.allow('workspace_list')
    const page = await jailed(null, async () => (await this.open()).page(path, { after, limit: MAX_LISTED }))
    if (page !== null && page.next !== null) {
      this.#world.output.warn(
        `workspace_list: ${path} has more than the ${MAX_LISTED} entries of one answer; workspace_list(${JSON.stringify(path)}, ${JSON.stringify(page.next)}) goes on`,
      )
    }
    return page?.names ?? null
  }

  /** The model may not mark its own work as done (design 9.6); people and callbacks may. */
  #assertWritable(path: string): void {
    if (this.#options.inTool() && this.#readOnly.has(normalised(path))) {
      throw new HostError('path_refused', `${path} is kept by the forge loop and is read-only for tools`)
    }
  }
}

/** Two spellings of one path are equal, on disks that ignore case too. */
const normalised = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
    .toLowerCase()

/** Claw and forge agents declare a workspace; everything else works in NEAM_WORKSPACE_DIR (design 9.2). */
const declaredRoot = (world: World, agent: AgentDecl | null): string =>
  agent === null || agent.kind === 'agent'
    ? world.workspaces.resolve('', '.')
    : world.workspaces.resolve(agent.name, agent.workspace)

/** A refused path is nil or false in the language (chapter 25.4); a failing disk is an error. */
async function jailed<T>(refused: T, work: () => Promise<T>): Promise<T> {
  try {
    return await refusing(work)
  } catch (error) {
    if (error instanceof HostError && error.kind === 'path_refused') return refused
    throw error
  }
}
