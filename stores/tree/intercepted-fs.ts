import type { Fs } from './fs.ts'

/** The calls of the port; a sync aside counts as what it is. */
export const OPERATIONS = [
  'create',
  'openExisting',
  'openAppend',
  'write',
  'fsync',
  'modifiedAt',
  'close',
  'link',
  'rename',
  'unlink',
  'read',
  'stat',
  'list',
  'makeDirectory',
  'removeDirectory',
  'syncDirectory',
  'freeBytes',
  'realPath',
] as const satisfies readonly (keyof Fs)[]

export type Operation = (typeof OPERATIONS)[number]

/** Runs one call; it may look first, throw instead, or throw afterwards. */
export type Around = <T>(operation: Operation, subject: string | number, run: () => T) => T

/** A file system whose every call goes through `around`, a sync aside as what it is. `subject` is the path that changes, or the descriptor. */
export function interceptedFs(fs: Fs, around: Around): Fs {
  return {
    create: (path) => around('create', path, () => fs.create(path)),
    openExisting: (path) => around('openExisting', path, () => fs.openExisting(path)),
    openAppend: (path) => around('openAppend', path, () => fs.openAppend(path)),
    write: (descriptor, bytes) => around('write', descriptor, () => fs.write(descriptor, bytes)),
    fsync: (descriptor) => around('fsync', descriptor, () => fs.fsync(descriptor)),
    fsyncAside: (descriptor) => around('fsync', descriptor, () => fs.fsyncAside(descriptor)),
    modifiedAt: (descriptor) => around('modifiedAt', descriptor, () => fs.modifiedAt(descriptor)),
    close: (descriptor) => around('close', descriptor, () => fs.close(descriptor)),
    link: (from, to) => around('link', to, () => fs.link(from, to)),
    rename: (from, to) => around('rename', to, () => fs.rename(from, to)),
    unlink: (path) => around('unlink', path, () => fs.unlink(path)),
    read: (path) => around('read', path, () => fs.read(path)),
    stat: (path) => around('stat', path, () => fs.stat(path)),
    list: (path) => around('list', path, () => fs.list(path)),
    makeDirectory: (path) => around('makeDirectory', path, () => fs.makeDirectory(path)),
    removeDirectory: (path) => around('removeDirectory', path, () => fs.removeDirectory(path)),
    syncDirectory: (path) => around('syncDirectory', path, () => fs.syncDirectory(path)),
    syncDirectoryAside: (path) => around('syncDirectory', path, () => fs.syncDirectoryAside(path)),
    freeBytes: (path) => around('freeBytes', path, () => fs.freeBytes(path)),
    realPath: (path) => around('realPath', path, () => fs.realPath(path)),
  }
}
