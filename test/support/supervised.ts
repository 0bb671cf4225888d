// `neam-api --workers` without the program: one worker serves, the other one dies at its start.
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { superviseWorkers, tellServing, workerNumber } from '../../cli/workers.ts'

const number = workerNumber()
if (number === null) {
  process.exitCode = await superviseWorkers({
    count: 2,
    program: null,
    log: (record) => writeSync(1, `${JSON.stringify(record)}\n`),
    patience: { restartMs: 5, longestRestartMs: 20, steadyMs: 60_000 },
  })
  process.exit()
}
if (number === 2) process.exit(7)
const server = createServer((_request, response) => {
  response.end(String(number))
}).listen(0, '127.0.0.1', () => {
  tellServing()
  writeSync(1, `http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
process.on('SIGTERM', () => process.exit(0))
