// `npm start`: the chapter's agents on port 8080 with the offline model; data stays in .neam. Flags go through to
// neam-api: `npm start -- --port 3000`.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** How often to look whether the shell that npm started is still there. */
const PARENT_CHECK_MS = 500

const server = spawn(
  process.execPath,
  [`${ROOT}bin/neam-api.js`, '--program', 'examples/agents.neam', '--offline', ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
    // The forge agent's files go beside the sessions, not into this checkout.
    env: { NEAM_WORKSPACE_DIR: '.neam/workspace', ...process.env },
  },
)
// npm sends Ctrl-C to the whole group; a plain SIGTERM reaches only this process, or only the shell that npm puts in
// between. That one ends without passing it on, and the server must not stay behind with its port. It is told once:
// a second signal would cut off the requests in hand.
const parent = process.ppid
const watch = setInterval(() => {
  if (process.ppid !== parent) stop()
}, PARENT_CHECK_MS)
const stop = () => {
  clearInterval(watch)
  server.kill('SIGTERM')
}
process.on('SIGTERM', stop)
process.on('SIGINT', () => clearInterval(watch))
server.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
