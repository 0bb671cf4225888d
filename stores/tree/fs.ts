/**
 * Every file operation of the store, and nothing else: one method is one call on the file system. Tests count them,
 * fail them, kill the process at each of them and delay what they see (`test/support/fs-*.ts`).
 *
 * The calls are synchronous: small writes cost a twentieth of their promise twins, and nothing of this process can
 * run between two of them. Syncs, which take a disk milliseconds, have twins that let the process go on. Errors are those of
 * `node:fs`, with their `code`; `storageFault` turns them into Faults.
 */
export interface Fs {
  /** Makes a file that must not exist yet and opens it for writing. Throws EEXIST. */
  create(path: string): number
  /** Opens for writing over the beginning of what is there. Throws ENOENT. */
  openExisting(path: string): number
  /** Opens for appending, making the file when it is missing. Only a file's single writer may do this. */
  openAppend(path: string): number
  /** One write; may be short. Returns the bytes written. */
  write(descriptor: number, bytes: Uint8Array): number
  fsync(descriptor: number): void
  /** As `fsync`; the process may do other things meanwhile. */
  fsyncAside(descriptor: number): Promise<void>
  /** The file's modification time as its server gave it, in milliseconds. */
  modifiedAt(descriptor: number): number
  close(descriptor: number): void
  /** Throws EEXIST when `to` exists: the one atomic decision that also works on NFS. */
  link(from: string, to: string): void
  /** Replaces `to`. */
  rename(from: string, to: string): void
  unlink(path: string): void
  /** The whole file as UTF-8. */
  read(path: string): string
  stat(path: string): FileStatus
  /** Names in a directory, in no order. */
  list(path: string): readonly string[]
  /** One level. Throws EEXIST, or ENOENT when the parent is missing. */
  makeDirectory(path: string): void
  /** Throws ENOTEMPTY. */
  removeDirectory(path: string): void
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): void
  /** As `syncDirectory`; the process may do other things meanwhile. */
  syncDirectoryAside(path: string): Promise<void>
  /** Bytes that may still be written to the file system of a path; Infinity where it does not count them. */
  freeBytes(path: string): number
  /** The path with its links resolved. Throws ENOENT. */
  realPath(path: string): string
}

export interface FileStatus {
  /** Bytes. */
  readonly size: number
  /** Hard links. */
  readonly links: number
  /** Milliseconds, by the server's clock. */
  readonly modifiedAt: number
}

/** `ENOENT`, `EEXIST`, ...; null when the value is no error of the file system. */
export const errorCode = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null
