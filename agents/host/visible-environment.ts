import type { World } from '../world.ts'

/** Names that may hold a secret: `env_get` never shows them. */
const SECRET = /KEY|SECRET|TOKEN|PASSW|CREDENTIAL|^AWS_/i

/** An environment variable as programs see it, or null. */
export const visibleVariable = (world: World, name: string): string | null =>
  SECRET.test(name) ? null : world.env(name)
