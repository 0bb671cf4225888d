import { getHeapStatistics } from 'node:v8'

/** Of what the process may keep. The rest is needed to write down how things ended. */
const MOST = 0.85
/** V8 counts its space for young values to the limit; what a program keeps never lies there. */
const YOUNG_BYTES = 48 * 1024 * 1024

/** Whether the process is about to run out of memory: a program that goes on taking some would end all others with it. */
export function isShortOfMemory(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used > MOST * (limit - YOUNG_BYTES)
}
