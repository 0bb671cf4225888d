// `npm run build:environment`: docs/environment.md, the reference of environment variables, from runtime/variables.ts.
import { fileURLToPath } from 'node:url'
import { READERS, VARIABLES, type Variable, type VariableGroup } from '../runtime/variables.ts'
import { writeOrCheck } from './reference-page.ts'

export const ENVIRONMENT_PAGE = fileURLToPath(new URL('../docs/environment.md', import.meta.url))

const INTRODUCTION = `# Environment variables

Every variable that has a meaning here. None is needed to try things offline; with a model of a vendor, its key is. A wrong value
ends the program at once, with the name, the value and what is accepted. A flag wins over its variable. Relative paths start at the
current directory.

"All" are \`neam\`, \`neam-cli\`, \`neam-forge\`, \`neam-api\` and the functions on AWS, whose variables the stack sets. There, secrets are
read from Secrets Manager by these names: [deployment.md](deployment.md). \`neamc\` and \`neam-lsp\` read none.

A program reads variables with \`env_get(name)\`, except those whose name says that they hold a secret; an agent's \`api_key_env\` names
one that holds its key. Commands that programs run see none of them, but PATH.

This page is written by \`npm run build:environment\` from the table that the \`--help\` texts are written from.
`

const AFTER = `
Node itself reads \`NO_COLOR\` and \`FORCE_COLOR\` (compile errors are coloured on a terminal), \`NODE_OPTIONS\` and
\`NODE_EXTRA_CA_CERTS\`; the exporter of traces reads \`OTEL_EXPORTER_OTLP_HEADERS\` and what else [observability.md](observability.md)
names; the SDK of AWS reads its own (\`AWS_REGION\`, \`AWS_PROFILE\`; for the provider \`bedrock\`: [models.md](models.md)), and so does \`cdk\`.
`

/** The text of docs/environment.md. */
export const environmentPage = (): string => [INTRODUCTION, ...VARIABLES.map(section)].join('\n') + AFTER

function section({ title, variables }: VariableGroup): string {
  const head = `## ${title}\n\n| variable | what it says | value | default | flag | read by |\n|---|---|---|---|---|---|`
  return `${[head, ...variables.map(row)].join('\n')}\n`
}

function row({ name, meaning, takes, initial, readBy, flag, page }: Variable): string {
  const more = page === undefined ? '' : `: [${page}](${page})`
  const readers = readBy.length === READERS.length ? 'all' : readBy.map(readerText).join(', ')
  const cells = [
    `\`${name}\``,
    `${meaning}${more}`,
    valueText(takes),
    initial ?? '',
    flag && `\`${flag}\``,
    readers,
  ]
  return `| ${cells.map((cell) => cell ?? '').join(' | ')} |`
}

const readerText = (reader: Variable['readBy'][number]): string =>
  reader === 'functions' ? 'functions' : `\`${reader}\``

function valueText(takes: Variable['takes']): string {
  if (typeof takes === 'string') return takes
  const { min, max, unit } = takes
  return `${max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`} ${unit}`.trim()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeOrCheck({
    file: ENVIRONMENT_PAGE,
    text: environmentPage,
    stale: 'docs/environment.md is not what runtime/variables.ts says: npm run build:environment',
  })
}
