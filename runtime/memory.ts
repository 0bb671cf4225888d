import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Environment } from './environment.ts'

/**
 * Of what the process may keep. The rest is needed to write down how things ended; and V8 ends a process whose heap stays above
 * 0.8 of it through a few collections.
 */
const MOST = 0.78
/** V8 counts three spaces for young values to its limit, each a 64th of what it lets the old ones take. */
const YOUNG_SHARE = 3 / 64
const MIB = 1024 * 1024

/** Tells whether the process is about to run out of memory: a program that takes more would end all others with it. */
export function memoryGauge(environment: Environment): () => boolean {
  // An explicit size, as AWS Lambda gives it to each function, says nothing of the space for young values.
  const flags = [...process.execArgv, environment.NODE_OPTIONS ?? ''].join(' ')
  const explicit = /--max[-_]old[-_]space[-_]size=(\d+)/.exec(flags)?.[1]
  const limit =
    explicit === undefined ? getHeapStatistics().heap_size_limit / (1 + YOUNG_SHARE) : Number(explicit) * MIB
  const isMost = () => getHeapStatistics().used_heap_size > MOST * limit
  return () => {
    if (!isMost()) return false
    collectGarbage()
    return isMost()
  }
}

/** What is used counts garbage, too, and V8 lets it lie while there is space. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
