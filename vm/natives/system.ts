/** Time, environment, identifiers. */
import { after } from '../awaitable.ts'
import { asksHost, type Native, plain } from './native.ts'

export const SYSTEM: readonly Native[] = [
  plain('clock()', 'Seconds since 1970, with a fraction.', (call) => call.host.now() / 1000),
  plain('time_now()', 'Milliseconds since 1970.', (call) => call.host.now()),
  plain('time_now_millis()', 'Milliseconds since 1970.', (call) => call.host.now()),
  plain('time_now_micros()', 'Microseconds since 1970.', (call) => call.host.now() * 1000),
  asksHost('time_sleep(ms)', 'Waits.', (call) => after(call.host.sleep(call.size(0)), () => null)),
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
  plain('crypto_uuid_v4()', 'A random identifier.', (call) => call.host.uuid()),
]
