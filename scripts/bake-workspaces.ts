// `node scripts/bake-workspaces.ts PROGRAM.neam DIR`: copies what lies beside a program under the names of its forge agents'
// workspaces to beside the compiled one, so that the image carries it (design 9.13).
import { cpSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { loadModule } from '../cli/program-file.ts'

const [program, target] = process.argv.slice(2)
if (program === undefined || target === undefined) throw new Error('bake-workspaces PROGRAM.neam DIR')
const folder = dirname(program)

for (const agent of (await loadModule(program)).manifest.agents) {
  if (agent.kind !== 'forge' || isAbsolute(agent.workspace)) continue
  const from = join(folder, agent.workspace)
  const name = relative(folder, from)
  if (name === '' || name.startsWith('..')) continue
  if (!statSync(from, { throwIfNoEntry: false })?.isDirectory()) continue
  cpSync(from, join(target, name), {
    recursive: true,
    filter: (path) => !['.git', '.neam'].includes(basename(path)),
  })
  console.log(`${from} goes with ${agent.name}`)
}
