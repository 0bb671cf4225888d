/**
 * Preloaded into one of our programs (`--import`): kills the process with SIGKILL right before its KILL_AT-th operation on the
 * tree, counted from the first attempt at an iteration on. At a regular end the number of operations goes to KILL_COUNT.
 */
import { writeFileSync } from 'node:fs'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'

const { KILL_AT = '0', KILL_COUNT = '' } = process.env
let operations = 0
let counting = false

Object.assign(
  nodeFs,
  interceptedFs({ ...nodeFs }, (_operation, subject, run) => {
    counting ||= String(subject).includes('.begin.')
    if (counting) operations += 1
    if (counting && operations === Number(KILL_AT)) process.kill(process.pid, 'SIGKILL')
    return run()
  }),
)
if (KILL_COUNT !== '') process.on('exit', () => writeFileSync(KILL_COUNT, String(operations)))
