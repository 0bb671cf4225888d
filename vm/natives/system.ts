/** The environment. */
import { type Native, plain } from './native.ts'

export const SYSTEM: readonly Native[] = [
  plain('env_get(name)', 'An environment variable that programs may see; nil when unset.', (call) =>
    call.host.env(call.text(0)),
  ),
  plain(
    'env_get_or(name, otherwise)',
    'An environment variable, or what is given for an unset one.',
    (call) => {
      return call.host.env(call.text(0)) ?? call.value(1)
    },
  ),
  plain(
    'env_has(name)',
    'Whether an environment variable is set.',
    (call) => call.host.env(call.text(0)) !== null,
  ),
]
