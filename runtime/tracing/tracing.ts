import { NO_TRACING, type Tracing } from '../../agents/ports/tracing.ts'
import type { TracingSettings } from './settings.ts'

/**
 * The traces of a process. OpenTelemetry's packages are loaded at the first span, and never where `settings` is null;
 * whatever goes wrong with them is told to `warn`, once, and no work is the worse for it.
 */
export function systemTracing(settings: TracingSettings | null, warn: (line: string) => void): Tracing {
  if (settings === null) return NO_TRACING
  let told = false
  const lost = (error: unknown): void => {
    if (!told) warn(`traces are being lost: ${error instanceof Error ? error.message : String(error)}`)
    told = true
  }
  const make = async (): Promise<Tracing> => {
    try {
      const { openTelemetry } = await import('./open-telemetry.ts')
      return await openTelemetry(settings, lost)
    } catch (error) {
      lost(error)
      return NO_TRACING
    }
  }
  let made: Tracing = NO_TRACING
  let making: Promise<Tracing> | null = null
  const loaded = async (): Promise<Tracing> => {
    making ??= make()
    made = await making
    return made
  }
  return {
    span: async (start, work) => await (await loaded()).span(start, work),
    continued: async (traceparent, work) => await (await loaded()).continued(traceparent, work),
    current: () => made.current(),
    flush: () => made.flush(),
  }
}
