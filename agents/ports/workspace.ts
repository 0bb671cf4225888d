export interface FileEnd {
  readonly text: string
  /** Bytes of the file before `text`. */
  readonly leftOut: number
}

/** Some of the names in a folder, sorted, folders with a trailing `/`. */
export interface FolderPage {
  readonly names: readonly string[]
  /** `after` of the next page; null = this is the last one. */
  readonly next: string | null
}

/** Names of one page at most. */
export const MAX_LISTED = 10_000

/** An agent's files. Every path is jailed below `root`, component by component. */
export interface Workspace {
  /** Absolute path. */
  readonly root: string
  /** Text of a file; null when it does not exist. Throws `path_refused` (outside, link, device, `.neam/`, too big). */
  read(path: string): Promise<string | null>
  /** Bytes of a file, at most `maxBytes`; otherwise as `read`. */
  readBytes(path: string, maxBytes: number): Promise<Uint8Array | null>
  /**
   * The last lines of a text file, at most `maxBytes` of them, and how many bytes lie before; null when it does not
   * exist. Throws `path_refused`, though never for the file's size.
   */
  readEnd(path: string, maxBytes: number): Promise<FileEnd | null>
  /** What a path names, null when there is nothing. Throws `path_refused`, also for a link or a device. */
  stat(path: string): Promise<{ readonly kind: 'file' | 'folder'; readonly size: number } | null>
  /** Paths of all plain files below a folder, sorted; links and devices are left out, as are `.neam/` and `.git/`. */
  walk(path: string): Promise<readonly string[]>
  /** Replaces a file by a text or by bytes; parent folders are made. Throws `path_refused` or `storage_full`. */
  write(path: string, content: string | Uint8Array): Promise<void>
  /** The bytes that `write` would store. Throws the `path_refused` that it would throw; writes nothing. */
  checkWrite(path: string, content: string | Uint8Array): Promise<number>
  append(path: string, text: string): Promise<void>
  /**
   * The names behind `after` (null = from the first on), `limit` at most, of a folder of any size: sorted, folders with a
   * trailing `/`, without `.neam/`; null when the folder does not exist.
   */
  page(
    path: string,
    request: { readonly after: string | null; readonly limit: number },
  ): Promise<FolderPage | null>
  /** True when nothing but `.neam/` and the given files is there. */
  isEmpty(except: readonly string[]): Promise<boolean>
}

export interface Workspaces {
  /** Absolute path of a declared workspace (design 9.10: `.` under NEAM_WORKSPACE_DIR is `<dir>/<Agent>`). */
  resolve(agent: string, declared: string): string
  /** Whether the folder is there; nothing is made. */
  exists(root: string): Promise<boolean>
  /**
   * The folder that lies beside the program under a workspace's declared name: what a new workspace begins with
   * (design 9.13). Null when there is none, or when it is the workspace itself.
   */
  beside(declared: string, root: string): Promise<Workspace | null>
  /** Opens a workspace, making the folder when it is missing. */
  open(root: string): Promise<Workspace>
}
