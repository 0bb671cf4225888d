// `npm start`: the chapter's agents on port 8080 with the offline model; data stays in .neam. Flags go through to
// neam-api: `npm start -- --port 3000`.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

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
// npm sends Ctrl-C to the whole group; a plain SIGTERM reaches only this process.
process.on('SIGTERM', () => server.kill('SIGTERM'))
process.on('SIGINT', () => {})
server.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 0)))
