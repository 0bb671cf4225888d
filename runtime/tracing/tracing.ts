import type { Tracing } from '../../agents/ports/tracing.ts'
import type { TracingSettings } from './settings.ts'
import { contextOnly } from './trace-context.ts'

/**
 * The traces of a process. OpenTelemetry's packages are loaded at the first span, and never where `settings` is null:
 * then only trace ids are carried on. Whatever goes wrong with them is told to `warn`, once, and no work is the worse for it.
 */
export function systemTracing(settings: TracingSettings | null, warn: (line: string) => void): Tracing {
  if (settings === null) return contextOnly()
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
      return contextOnly()
    }
  }
  let made: Tracing = contextOnly()
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
