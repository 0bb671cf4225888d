import { Fault } from '../../agents/ports/fault.ts'

/** What one checkpoint may take in: all files of a snapshot, those that changed for git. */
export interface CheckpointLimits {
  readonly files: number
  readonly bytes: number
}

const MIB = 1024 * 1024

/** A file costs a network file system some milliseconds. */
export const CHECKPOINT_LIMITS: CheckpointLimits = { files: 50_000, bytes: 2048 * MIB }

/** Throws `checkpoint_failed`, which names what is too much and how to get on. */
export function assertWithin(limits: CheckpointLimits, found: CheckpointLimits): void {
  if (found.files > limits.files) throw tooMuch(`more than ${limits.files} files`, 'NEAM_CHECKPOINT_FILES')
  if (found.bytes > limits.bytes) {
    throw tooMuch(`more than ${Math.floor(limits.bytes / MIB)} MiB`, 'NEAM_CHECKPOINT_SIZE')
  }
}

const tooMuch = (what: string, setting: string): Fault =>
  new Fault('checkpoint_failed', {
    problem: `it would take in ${what} of the workspace; remove what can be made again (with checkpoint git, name it in .gitignore), or raise ${setting}`,
  })
