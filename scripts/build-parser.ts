// Generates compiler/syntax/generated/parser.js from the grammar files, merged in name order.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const syntax = fileURLToPath(new URL('../compiler/syntax/', import.meta.url))
const grammar = readdirSync(syntax)
  .filter((file) => file.endsWith('.peggy'))
  .sort()
mkdirSync(`${syntax}generated`, { recursive: true })
const peggy = fileURLToPath(new URL('../node_modules/peggy/bin/peggy.js', import.meta.url))
const { status } = spawnSync(
  process.execPath,
  [
    peggy,
    '--format',
    'es',
    '--dts',
    '--allowed-start-rules',
    'Items',
    '-o',
    'generated/parser.js',
    ...grammar,
  ],
  { cwd: syntax, stdio: 'inherit' },
)
process.exit(status ?? 1)
