import { readFileSync, readlinkSync } from 'node:fs'
import { errorCode } from './fs.ts'

/** Which process holds a lease, so that a dead one need not be waited for. */
export interface Owner {
  /** Null: this process cannot be told from others. */
  readonly id: string | null
  /** True only when it is certain that the process is gone; false says nothing. */
  isDead(id: string): boolean
}

/** Leases that other machines share end by time alone. */
export const ANONYMOUS: Owner = { id: null, isDead: () => false }

const readOrNull = (read: () => string): string | null => {
  try {
    return read()
  } catch (error) {
    if (errorCode(error) === null) throw error
    return null
  }
}

interface ProcessStatus {
  readonly state: string
  readonly start: string
}

/**
 * State letter and start time of a process, from /proc/<pid>/stat (proc(5): fields 3 and 22). Null: it cannot be read now,
 * of a process that lives, too, while this one has no file descriptor left.
 */
function processStatus(pid: string): ProcessStatus | 'gone' | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', start: fields[19] ?? '' }
  } catch (error) {
    const code = errorCode(error)
    if (code === null) throw error
    return code === 'ENOENT' || code === 'ESRCH' ? 'gone' : null
  }
}

/**
 * This process on Linux: boot, process-id namespace, process id and start time. A bare process id would say nothing,
 * since ids repeat, in containers at once.
 */
export function processOwner(): Owner {
  const boot = readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  const namespace = readOrNull(() => readlinkSync('/proc/self/ns/pid'))
  const self = processStatus('self')
  if (boot === null || namespace === null || self === null || self === 'gone') return ANONYMOUS
  const here = `${boot} ${namespace}`
  return {
    id: `${here} ${process.pid} ${self.start}`,
    isDead(id) {
      const [pid, start] = id.startsWith(`${here} `) ? id.slice(here.length + 1).split(' ') : []
      if (pid === undefined || !/^\d+$/.test(pid)) return false
      const status = processStatus(pid)
      if (status === null || status === 'gone') return status === 'gone'
      return status.start !== start || status.state === 'Z'
    },
  }
}
