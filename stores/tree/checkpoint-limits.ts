import type { CheckpointLimits } from '../../agents/ports/checkpoints.ts'
import { Fault } from '../../agents/ports/fault.ts'

const MIB = 1024 * 1024

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
