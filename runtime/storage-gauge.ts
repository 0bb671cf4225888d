import { StorageGauge } from '../stores/tree/storage-gauge.ts'
import { systemStopwatch } from './time.ts'

/** The measurement of a process: its systems share it, since calls of one hold up those of all. */
export const systemStorageGauge = (): StorageGauge => new StorageGauge(systemStopwatch)
