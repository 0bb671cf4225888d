/** Environment variables by name. Nothing outside runtime/ reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A copy: what changes later in the process changes nothing here. */
export const processEnvironment = (): Environment => ({ ...process.env })
