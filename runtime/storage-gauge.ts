import { CallUnderWay } from '../stores/tree/call-under-way.ts'
import { StorageGauge } from '../stores/tree/storage-gauge.ts'
import { systemStopwatch } from './time.ts'

/** The measurement of a process: its systems share it, since calls of one hold up those of all. */
export const systemStorageGauge = (): StorageGauge => new StorageGauge(systemStopwatch)

/** The call that another thread is in, by the memory of its gauge's `underWay`; null = in none. */
export const storageCallIn = (memory: Int32Array): string | null => new CallUnderWay(memory).operation
