import { examineTree, type Finding } from '../stores/tree/doctor.ts'
import { nodeFs } from '../stores/tree/node-fs.ts'
import { systemHash, systemIds } from './ids.ts'
import type { Settings } from './settings.ts'
import { systemClock } from './time.ts'

export type { Finding } from '../stores/tree/doctor.ts'

/** What is wrong with the tree that the settings name; with `fix`, mended where that needs no person. */
export const examine = ({ sessionsDir, stateDir }: Settings, fix: boolean): readonly Finding[] =>
  examineTree({
    fs: nodeFs,
    clock: systemClock,
    ids: systemIds(systemClock),
    hash: systemHash,
    sessionsDir,
    stateDir,
    fix,
  })
