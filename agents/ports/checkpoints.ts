/** Keeping verified work (chapter 25.7, design 3.8): `git`, `snapshot` or `none`. */
export interface CheckpointRequest {
  readonly run: string
  readonly iteration: number
  /** "" without a plan. */
  readonly task: string
  /** USD, of the task. */
  readonly cost: number
  readonly tokens: number
}

export interface Preparation {
  /** Files that a person changed and did not commit; the first checkpoint commits them with its task. */
  readonly uncommitted: readonly string[]
}

export interface Checkpoint {
  /**
   * Before somebody puts files into a workspace: makes the repository while design 3.8 allows it, as `prepare` would have,
   * and leaves every other workspace as it is. Throws `checkpoint_failed`.
   */
  adopt(ownFiles: readonly string[]): Promise<void>
  /**
   * Before the first model call of a run: makes the repository where design 3.8 allows it, or throws
   * `workspace_not_repository` / `workspace_inside_repository`. `ownFiles` (loop files) do not count as content.
   */
  prepare(run: string, ownFiles: readonly string[]): Promise<Preparation>
  /** What `prepare` would find, and throw, of a workspace that exists; nothing is made or kept. */
  look(ownFiles: readonly string[]): Promise<Preparation>
  /**
   * Before each iteration: records the tree to which a crash returns; repeated, the first one stays. Throws
   * `checkpoint_lost`.
   */
  mark(run: string, iteration: number): Promise<void>
  /**
   * After a crashed try: the workspace as it was at `mark(run, iteration)`, untracked files included. Without such a
   * mark the try died before it touched anything, and nothing happens.
   */
  restore(run: string, iteration: number): Promise<void>
  /**
   * Whether the workspace differs from what it was at `mark(run, iteration)`; files that the checkpoint ignores do not count.
   * Null when that is not known.
   */
  hasChanged(run: string, iteration: number): Promise<boolean | null>
  /** Keeps the verified state; returns the commit id or snapshot folder, null for `none`. Repeating it is harmless. */
  keep(request: CheckpointRequest): Promise<string | null>
}

export interface Checkpoints {
  /**
   * A git bundle of the workspace's branch, which `git clone` reads; null when there is no commit yet. Throws
   * `checkpoint_failed`.
   */
  bundle(workspace: string): Promise<Uint8Array | null>
  /** `workspace` is an absolute path. What a run must remember lies outside of it. */
  open(strategy: 'git' | 'snapshot' | 'none', workspace: string, agent: string): Checkpoint
}

/** What one checkpoint may take in: all files of a snapshot, those that changed for git. */
export interface CheckpointLimits {
  readonly files: number
  readonly bytes: number
}

/** A file costs a network file system some milliseconds. */
export const CHECKPOINT_LIMITS: CheckpointLimits = { files: 50_000, bytes: 2048 * 1024 * 1024 }
