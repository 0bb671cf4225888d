import { Fault } from '../../agents/ports/fault.ts'

/** What every client takes; all of it may be left to the SDK's own defaults. */
export interface AwsClientOptions {
  readonly region?: string
  /** Another endpoint than the region's. */
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** A call answers within seconds or fails: the SDK would wait for a lost connection without end. */
export const withTimeouts = (options: AwsClientOptions) => ({
  ...options,
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
})

/** The service's error by name only: its message may hold ARNs and account numbers. */
export const unavailable = (service: string, cause: unknown): Fault =>
  new Fault(
    'service_unavailable',
    { service, problem: cause instanceof Error ? cause.name : 'unknown error' },
    { cause },
  )
