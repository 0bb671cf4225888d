/** Commands and files: always in the workspace of the running agent, through the host. */
import { after } from '../awaitable.ts'
import type { Awaitable, ExecResult } from '../host.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { asksHost, type Native } from './native.ts'

const read = (call: Arguments) => call.host.workspace.read(call.text(0))

const write = (call: Arguments) => call.host.workspace.write(call.text(0), call.textOf(call.value(1)))

const append = (call: Arguments) => call.host.workspace.append(call.text(0), call.textOf(call.value(1)))

export const WORKSPACE: readonly Native[] = [
  asksHost(
    'exec(command, timeout_ms?)',
    'Runs a shell command in the workspace: {exit_code, stdout, stderr, timed_out}.',
    (call) => after(call.host.exec(call.text(0), call.given(1) ? call.size(1) : null), execMap),
  ),
  asksHost('file_read(path)', 'Text of a workspace file; nil when missing or refused.', read),
  asksHost('file_write(path, text)', 'Writes a workspace file; false when refused.', write),
  asksHost('file_append(path, text)', 'Appends to a workspace file; false when refused.', append),
  asksHost('file_exists(path)', 'Whether a workspace file or folder exists.', (call) => {
    const { workspace } = call.host
    const path = call.text(0)
    return after(
      workspace.read(path),
      (text): Awaitable<Value> =>
        text !== null ? true : after(workspace.list(path, null), (names) => names !== null),
    )
  }),
  asksHost('workspace_read(path)', 'Text of a workspace file; nil when missing or refused.', read),
  asksHost(
    'workspace_write(path, text)',
    'Writes a workspace file, making its folders; false when refused.',
    write,
  ),
  asksHost('workspace_append(path, text)', 'Appends to a workspace file; false when refused.', append),
  asksHost(
    'workspace_list(path?, after?)',
    'Sorted entry names of a folder, at most 10,000, those behind the name `after`; nil when missing or refused.',
    (call) =>
      after(
        call.host.workspace.list(call.given(0) ? call.text(0) : '.', call.given(1) ? call.text(1) : null),
        (names) => (names === null ? null : [...names]),
      ),
  ),
]

const execMap = (result: ExecResult): Value =>
  new Map<string, Value>([
    ['exit_code', result.exitCode],
    ['stdout', result.stdout],
    ['stderr', result.stderr],
    ['timed_out', result.timedOut],
  ])
