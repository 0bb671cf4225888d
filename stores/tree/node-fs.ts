import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { Fs } from './fs.ts'
import { syncAside } from './sync-aside.ts'

/** The tree belongs to one user; sessions are private. */
const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY

const fsyncAside = syncAside({ atOnce: fsyncSync, aside: promisify(fsync) }, () => performance.now())

/** The file system of this machine: a local disk or an NFS mount. */
export const nodeFs: Fs = {
  create: (path) => openSync(path, CREATE, FILE_MODE),
  openExisting: (path) => openSync(path, constants.O_WRONLY),
  openAppend: (path) => openSync(path, 'a', FILE_MODE),
  write: (descriptor, bytes) => writeSync(descriptor, bytes),
  fsync: fsyncSync,
  fsyncAside,
  modifiedAt: (descriptor) => fstatSync(descriptor).mtimeMs,
  close: closeSync,
  link: linkSync,
  rename: renameSync,
  unlink: unlinkSync,
  read: (path) => readFileSync(path, 'utf8'),
  stat(path) {
    const { size, nlink, mtimeMs } = statSync(path)
    return { size, links: nlink, modifiedAt: mtimeMs }
  },
  list: (path) => readdirSync(path),
  makeDirectory(path) {
    mkdirSync(path, DIRECTORY_MODE)
  },
  removeDirectory: rmdirSync,
  syncDirectory(path) {
    const descriptor = openSync(path, constants.O_RDONLY)
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  },
  async syncDirectoryAside(path) {
    const descriptor = openSync(path, constants.O_RDONLY)
    try {
      await fsyncAside(descriptor)
    } finally {
      closeSync(descriptor)
    }
  },
  freeBytes(path) {
    const { blocks, bavail, bsize } = statfsSync(path)
    return blocks === 0 ? Infinity : bavail * bsize
  },
  realPath: (path) => realpathSync(path),
}
