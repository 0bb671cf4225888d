// `npm run bench -- memory [FACTS]`: a session that remembers a million facts (or FACTS), in files of 20 as compactions write them.
// Told are the lookups that make the index, a slice each; one after a further fact; and one by each kind of search. The tree
// and the index lie in memory where there is such a file system.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findAgent } from '../agents/find-agent.ts'
import { recall } from '../agents/memory/recall.ts'
import type { SemanticMemoryDecl } from '../bytecode/manifest.ts'
import { loadModule } from '../cli/program-file.ts'
import { noDriver } from '../runtime/forge-drivers.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem } from '../runtime/system.ts'

const FACTS = Number(process.argv[3] ?? 1_000_000)
const A_FILE = 20
const REF = { agent: 'concierge', key: 'room_12' }
const PLACES = ['garage', 'kitchen', 'harbour', 'office', 'garden', 'station', 'library', 'hotel']
const THINGS = [
  'bicycle',
  'passport',
  'umbrella',
  'violin',
  'ladder',
  'camera',
  'kettle',
  'suitcase',
  'telescope',
]
const factOf = (n: number): string =>
  `Guest ${n} keeps the ${THINGS[n % THINGS.length]} of room ${n % 9973} in the ${PLACES[(n >> 3) % PLACES.length]} since day ${n % 365}.`

const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'neam-bench-memory-'))
const environment = {
  NEAM_OFFLINE: '1',
  NEAM_AUDIT_SINK: 'none',
  NEAM_MEMORY_DIR: join(scratch, 'index'),
}
const settings = readSettings(environment, scratch)
const { world } = await createSystem({
  module: await loadModule(fileURLToPath(new URL('../examples/memory.neam', import.meta.url))),
  environment,
  settings,
  forgeDriver: noDriver,
  output: { emit: () => {}, print: () => {}, warn: () => {} },
})
const agent = findAgent(world, 'claw', REF.agent)
const memory = agent.semanticMemory as SemanticMemoryDecl
const ts = (n: number): string => new Date(1_700_000_000_000 + n * 1000).toISOString()
const keep = (n: number, facts: readonly string[]) =>
  world.memories.keepFacts(REF, { sessionId: 'later', seq: n, facts, ts: ts(n), isTainted: false })

await keep(0, ['The first fact.'])
const folder = join(settings.sessionsDir, REF.agent, REF.key, 'memory')
mkdirSync(folder, { recursive: true })
for (let n = 0; n < FACTS; n += A_FILE) {
  const lines = Array.from({ length: A_FILE }, (_, i) =>
    JSON.stringify({ role: 'system', content: factOf(n + i), ts: ts(n + i) }),
  )
  writeFileSync(join(folder, `${String(n).padStart(9, '0')}.v1.jsonl`), `${lines.join('\n')}\n`)
}

async function look(text: string, search: SemanticMemoryDecl['search'] = 'keyword') {
  const started = performance.now()
  const hits = await recall(world, {
    ref: REF,
    version: await world.sessions.open({ ...REF, key: 'nothing was said here' }),
    agent,
    memory: { ...memory, search },
    text,
    topK: 5,
    inPrompt: [],
    withTainted: true,
    call: { signal: new AbortController().signal, deadlineAt: Infinity, requestId: null },
  })
  return { ms: performance.now() - started, hits }
}

const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(9)
console.log(`${FACTS} facts in ${FACTS / A_FILE} files`)

const slices: number[] = []
for (let isThere = false; !isThere; ) {
  const { ms: took, hits } = await look(factOf(0))
  slices.push(took)
  isThere = hits.some(({ text }) => text === factOf(0))
}
const total = slices.reduce((sum, each) => sum + each, 0)
console.log(`first build, ${slices.length} lookups ${ms(total)}`)
console.log(`  the first one  ${ms(slices[0] as number)}`)
console.log(`  the longest    ${ms(Math.max(...slices))}`)
console.log(`  the last one   ${ms(slices.at(-1) as number)}`)

await keep(1, ['The cat of the porter is called Minka.'])
const fresh = await look('What is the cat called?')
console.log(`one fact more    ${ms(fresh.ms)}   ${fresh.hits[0]?.text}`)
for (const search of ['keyword', 'vector', 'hybrid'] as const) {
  const question = `the umbrella of guest ${(FACTS >> 1) - ((FACTS >> 1) % 9) + 2}`
  await look(question, search)
  const again = await look(question, search)
  console.log(`${search.padEnd(17)}${ms(again.ms)}   ${again.hits[0]?.text ?? 'nothing'}`)
}
console.log(`common words only${ms((await look('of the in since day')).ms)}`)
let vectored = 0
for (let n = 0; n < 42; n += 1) vectored = (await look('Which violin is in the library?', 'hybrid')).ms
console.log(`hybrid, when all that may have vectors has${ms(vectored)}`)
const index = join(environment.NEAM_MEMORY_DIR, readdirSync(environment.NEAM_MEMORY_DIR)[0] as string)
console.log(
  `index ${(statSync(index).size / 2 ** 20).toFixed(0)} MB, resident ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB`,
)
rmSync(scratch, { recursive: true })
