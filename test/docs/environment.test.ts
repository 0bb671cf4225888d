import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ENV } from '../../lambda/env.ts'
import { readSettings, type SettingsError } from '../../runtime/settings.ts'
import { type Reader, VARIABLES, type Variable } from '../../runtime/variables.ts'
import { ENVIRONMENT_PAGE, environmentPage } from '../../scripts/environment-page.ts'
import { filesBelow } from '../support/files-below.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ALL = VARIABLES.flatMap(({ variables }) => variables)
const NAMES = ALL.map(({ name }) => name)

/** What looks like a variable of ours and is none that anybody sets. */
const INTERNAL = ['NEAM_COMMAND', 'NEAM_WORKER_DEATHS', 'NEAM_WORKER_NUMBER']

const SOURCES = ['agents', 'cli', 'commands', 'lambda', 'lib', 'providers', 'runtime', 'stores', 'vm']

/** Names of variables that the sources say, but for those in runtime/variables. */
function namesInSources(): ReadonlySet<string> {
  const files = SOURCES.flatMap((folder) => filesBelow(join(ROOT, folder)))
  const text = files
    .filter((path) => path.endsWith('.ts') && !path.includes('/runtime/variables/'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
  return new Set(
    text.match(
      /\b(?:(?:NEAM|OTEL|NODE_USE|AWS_ENDPOINT|AWS_LAMBDA|AWS_SAM)_[A-Z][A-Z_]*[A-Z]|[A-Z]+_(?:API_KEY|BASE_URL|HOST))\b/g,
    ),
  )
}

test('docs/environment.md is what runtime/variables.ts says; `npm run build:environment` writes it', () => {
  expect(readFileSync(ENVIRONMENT_PAGE, 'utf8')).toBe(environmentPage())
})

test('every variable that the sources read is told, once', () => {
  const missing = [...namesInSources()].filter((name) => !NAMES.includes(name) && !INTERNAL.includes(name))
  expect(missing).toEqual([])
  expect(NAMES).toEqual([...new Set(NAMES)])
})

test('every variable that is told is read: by its name, or as that of a flag of neam-api', () => {
  const inSources = namesInSources()
  const stale = ALL.filter(
    ({ name, flag }) =>
      !inSources.has(name) && name !== `NEAM_${flag?.slice(2).toUpperCase().replaceAll('-', '_')}`,
  )
  expect(stale).toEqual([])
})

test('every variable that settings ask for is told', () => {
  const asked = new Set<string>()
  const environment = new Proxy<Record<string, string>>(
    { AWS_LAMBDA_FUNCTION_NAME: 'api', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' },
    {
      get(target, name: string) {
        asked.add(name)
        return target[name]
      },
    },
  )
  readSettings(environment, '/')
  expect([...asked].filter((name) => !NAMES.includes(name))).toEqual([])
  expect(asked.size).toBeGreaterThan(40)
})

test('what the stack sets is told as read by the functions', () => {
  const byFunctions = ALL.filter(({ readBy, name }) => readBy.includes('functions') || name === 'NEAM_ENV')
  const told = byFunctions.map(({ name }) => name)
  expect(Object.values(ENV).filter((name) => !told.includes(name))).toEqual([])
})

const home = temporaryDirectory()

/** What is wrong with one variable; null = nothing. Those of flags are read by neam-api, before it misses a program. */
async function refusalOf({ name, flag }: Variable, value: number): Promise<string | null> {
  const env = { [name]: String(value) }
  if (flag !== undefined) {
    const [first = ''] = (await runBin('neam-api', [], { cwd: home, env })).stderr.split('\n')
    return first === 'neam-api: no program is given: --program FILE or --bytecode DIR; see neam-api --help'
      ? null
      : first
  }
  try {
    readSettings(env, home)
    return null
  } catch (error) {
    return (error as SettingsError).message
  }
}

const ranged = ALL.flatMap((variable) =>
  typeof variable.takes === 'string' ? [] : [{ ...variable, ...variable.takes }],
)

test.each(ranged)('$name takes $min to $max and nothing beyond', async ({ min, max, ...variable }) => {
  expect([await refusalOf(variable, min), await refusalOf(variable, max)]).toEqual([null, null])
  for (const value of [min - 1, max + 1]) {
    const refusal = await refusalOf(variable, value)
    expect(refusal).toMatch(new RegExp(`must be a whole number (from ${min} to ${max}|of at least ${min})`))
    expect(refusal).toContain(`"${value}"`)
  }
})

const PROGRAMS: readonly Reader[] = ['neam', 'neam-cli', 'neam-forge', 'neam-api']

test.each(PROGRAMS)('%s --help tells what it reads, but for rare ones', async (program) => {
  const { stdout } = await runBin(program, ['--help'], { cwd: home })
  const section = stdout.slice(stdout.indexOf('\nEnvironment'))
  for (const { name, readBy, rare } of ALL) {
    if (readBy.includes(program) && !rare) expect(section).toMatch(new RegExp(`\\b${name}\\b`))
    if (!readBy.includes(program)) expect(section).not.toMatch(new RegExp(`^ +${name}\\b`, 'm'))
  }
})

test('the defaults of flags are those of their variables', async () => {
  const { stdout } = await runBin('neam-api', ['--help'], { cwd: home })
  const told = ALL.filter(({ flag, initial }) => flag !== undefined && /^\d+$/.test(initial ?? ''))
  expect(told.map(({ name }) => name)).toEqual([
    'NEAM_LLM_POOL_SIZE',
    'NEAM_PORT',
    'NEAM_TIMEOUT',
    'NEAM_DRAIN_SECONDS',
    'NEAM_WORKERS',
    'NEAM_POOL_SIZE',
    'NEAM_MAX_CONNECTIONS',
  ])
  for (const { flag, initial } of told)
    expect(stdout).toMatch(new RegExp(`${flag} .*\\(default ${initial}\\)`))
})
