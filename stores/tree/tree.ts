import type { BehaviourStore } from '../../agents/ports/behaviour.ts'
import type { ConfirmationStore } from '../../agents/ports/confirmations.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { FileLeases } from '../../agents/ports/file-leases.ts'
import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { BudgetStore, KillSwitch, LaneStore } from '../../agents/ports/limits.ts'
import type { MemoryStore } from '../../agents/ports/memory.ts'
import type { NoticeOutbox } from '../../agents/ports/notices.ts'
import type { RunStore } from '../../agents/ports/runs.ts'
import type { SessionStore } from '../../agents/ports/sessions.ts'
import type { Clock, Timers } from '../../agents/ports/time.ts'
import { TreeBehaviourStore } from './behaviour-store.ts'
import { TreeBudgetStore } from './budget-store.ts'
import { TreeConfirmationStore } from './confirmation-store.ts'
import { TreeFileLeases } from './file-leases.ts'
import { Files } from './files.ts'
import { errorCode, type Fs } from './fs.ts'
import { TreeKillSwitch } from './kill-switch.ts'
import { TreeLaneStore } from './lane-store.ts'
import { Leases } from './leases.ts'
import { TreeMemoryStore } from './memory-store.ts'
import { TreeNoticeOutbox } from './notice-outbox.ts'
import { ANONYMOUS, type Owner, processOwner } from './owner.ts'
import { RunLeases } from './run-leases.ts'
import { RunPaths } from './run-paths.ts'
import { TreeRunStore } from './run-store.ts'
import { createSentinel, readSentinel, type Sentinel, type SentinelOptions } from './sentinel.ts'
import { SessionPaths } from './session-paths.ts'
import { TreeSessionStore } from './session-store.ts'
import { storageFault } from './storage-fault.ts'

export interface TreeOptions {
  /** Absolute path; `<Agent>/<key>/current.jsonl` lies below. */
  readonly sessionsDir: string
  /** Absolute path: runs, their notices, kill switch, budgets, lanes, confirmations, behaviour of agents, leases on files. May lie within the sessions directory. */
  readonly stateDir: string
  readonly fs: Fs
  readonly clock: Clock
  readonly timers: Timers
  readonly ids: Ids
  readonly hash: Hash
  /** NEAM_TREE: `require` (a mount) never makes a tree, so that a missing mount is not taken for an empty one. */
  readonly mode: 'create' | 'require'
  /** NEAM_TREE_OF: a tree that was made under another name is refused. Default: any will do. */
  readonly of?: string | null
  /**
   * Who this process is to the holders of leases. Default: told by /proc in mode `create`; in mode `require` the
   * processes of other machines cannot be told apart, and leases end by time alone.
   */
  readonly owner?: Owner
}

export interface TreeStatus {
  /** Bytes, of the fuller of the two file systems that hold sessions and state. */
  readonly freeBytes: number
}

export interface Tree {
  readonly sessions: SessionStore
  readonly memories: MemoryStore
  readonly runs: RunStore
  readonly budgets: BudgetStore
  readonly killSwitch: KillSwitch
  readonly lanes: LaneStore
  readonly confirmations: ConfirmationStore
  readonly fileLeases: FileLeases
  readonly behaviour: BehaviourStore
  readonly outbox: NoticeOutbox
  /**
   * Is the tree there, readable and writable (a file is made and removed), and is there space? Throws `tree_missing`,
   * `tree_version` or `storage_*`.
   */
  check(): TreeStatus
}

/** With less than this a turn may end half way. */
const MIN_FREE_BYTES = 16 * 1024 ** 2

const STATE_SENTINEL = 'sys/tree.json'
const SESSIONS_SENTINEL = '.tree.json'

/** Opens the tree on disk. Throws `tree_missing`, `tree_foreign`, `tree_version`, `record_damaged` or `storage_*`. */
export function createTree(options: TreeOptions): Tree {
  const { fs, clock, timers, ids, hash, mode, of = null } = options
  const state = { fs, clock, ids, root: options.stateDir, file: STATE_SENTINEL, of }
  const sessions = { fs, clock, ids, root: options.sessionsDir, file: SESSIONS_SENTINEL, of }
  const stateFolds = openSentinel(state, mode).foldsCase
  const sessionsFold = openSentinel(sessions, mode).foldsCase

  const owner = options.owner ?? (mode === 'create' ? processOwner() : ANONYMOUS)
  const stateFiles = new Files({ fs, ids, root: state.root, sentinel: STATE_SENTINEL })
  const sessionFiles = new Files({ fs, ids, root: sessions.root, sentinel: SESSIONS_SENTINEL })
  const stateLeases = new Leases({ files: stateFiles, clock, timers, ids, owner })
  const named = { hash, foldsCase: stateFolds }

  const sessionPaths = new SessionPaths({ hash, foldsCase: sessionsFold })

  const runPaths = new RunPaths(named)
  const runLeases = new RunLeases({ files: stateFiles, fs, leases: stateLeases, paths: runPaths })
  const killSwitch = new TreeKillSwitch(stateFiles)
  if (mode === 'create') killSwitch.repair()
  return {
    sessions: new TreeSessionStore({
      files: sessionFiles,
      leases: new Leases({ files: sessionFiles, clock, timers, ids, owner }),
      paths: sessionPaths,
      clock,
      ids,
      hash,
    }),
    memories: new TreeMemoryStore({ files: sessionFiles, paths: sessionPaths }),
    runs: new TreeRunStore({ files: stateFiles, leases: runLeases, paths: runPaths, ids }),
    budgets: new TreeBudgetStore({ files: stateFiles, leases: stateLeases, ids, ...named }),
    killSwitch,
    lanes: new TreeLaneStore({ files: stateFiles, leases: stateLeases, clock, timers, ids, ...named }),
    confirmations: new TreeConfirmationStore({ files: stateFiles, ids }),
    fileLeases: new TreeFileLeases({ leases: stateLeases, hash }),
    behaviour: new TreeBehaviourStore({ files: stateFiles, ids, ...named }),
    outbox: new TreeNoticeOutbox({ files: stateFiles, hash }),
    check() {
      readSentinel(state)
      readSentinel(sessions)
      stateFiles.barrier('')
      sessionFiles.barrier('')
      return { freeBytes: Math.min(freeBytes(state), freeBytes(sessions)) }
    },
  }
}

/** Whether a tree has its state here. Throws `storage_*` where that cannot be seen. */
export function hasTree(fs: Fs, stateDir: string): boolean {
  const path = `${stateDir}/${STATE_SENTINEL}`
  try {
    fs.read(path)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false
    throw storageFault(error, path)
  }
}

/** Throws `storage_full` when there is too little. */
function freeBytes({ fs, root }: SentinelOptions): number {
  try {
    const free = fs.freeBytes(root)
    if (free >= MIN_FREE_BYTES) return free
  } catch (error) {
    throw storageFault(error, root)
  }
  throw new Fault('storage_full', { path: root })
}

function openSentinel(options: SentinelOptions, mode: TreeOptions['mode']): Sentinel {
  try {
    return readSentinel(options)
  } catch (error) {
    const missing = error instanceof Fault && error.code === 'tree_missing'
    if (!missing || mode === 'require') throw error
    return createSentinel(options)
  }
}
