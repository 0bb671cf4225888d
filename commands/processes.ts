import { readdir, readFile } from 'node:fs/promises'

/** A live process, from `/proc/<pid>/stat`. */
export interface ProcessStatus {
  readonly pid: number
  readonly parent: number
  readonly session: number
  readonly threads: number
  /** Clock ticks since the machine's start: with the pid it names a process for good. */
  readonly startedAt: number
  /** Memory that it has, shared with others or not. */
  readonly residentBytes: number
}

const KIB = 1024
/** Of `/proc/self/auxv`: the size of a page in bytes. */
const AT_PAGESZ = 6n
let pageSize: Promise<number> | null = null

/** In bytes, of this machine. */
async function readPageSize(): Promise<number> {
  const vector = await readFile('/proc/self/auxv').catch(() => Buffer.alloc(0))
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8))
  }
  return 4096
}

/** Numbers of the processes of the machine, as /proc names them; empty where there is no /proc. */
export async function allPids(): Promise<readonly string[]> {
  const names = await readdir('/proc').catch(() => [])
  return names.filter((name) => /^\d+$/.test(name))
}

/** Every process of the machine; empty where there is no /proc. */
export async function allProcesses(): Promise<readonly ProcessStatus[]> {
  const found = await Promise.all((await allPids()).map((pid) => statusOf(pid)))
  return found.filter((status) => status !== null)
}

/** Null when it ended meanwhile, or waits for its parent to see that it ended. */
export async function statusOf(pid: string): Promise<ProcessStatus | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  // The name before it, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  const field = (number: number) => Number(fields[number - 3])
  pageSize ??= readPageSize()
  return {
    pid: Number(pid),
    parent: field(4),
    session: field(6),
    threads: field(20),
    startedAt: field(22),
    residentBytes: field(24) * (await pageSize),
  }
}

/**
 * What a process has in memory that cannot be read back from a file, with its share of what it shares. 0 when it has ended,
 * null when that cannot be read.
 */
export async function ownMemoryBytes(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' || error.code === 'ESRCH' ? '' : null,
  )
  if (text === null) return null
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return (kib('Pss_Anon') + kib('Pss_Shmem')) * KIB
}
