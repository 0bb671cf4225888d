// `npm run build:natives`: docs/natives.md, the reference of native functions and methods, from the machine's own tables.
import { fileURLToPath } from 'node:url'
import type { Native } from '../vm/natives/native.ts'
import { METHODS, NATIVES } from '../vm/natives/table.ts'
import { writeOrCheck } from './reference-page.ts'

export const NATIVES_PAGE = fileURLToPath(new URL('../docs/natives.md', import.meta.url))

const INTRODUCTION = `# Native functions and methods

What every program can call without declaring it; a program may give any of these names to something of its own. \`x?\` may be
left out, \`...x\` stands for any number. Positions in strings count code points. A wrong argument is an error that names it.

This page is written by \`npm run build:natives\` from the tables that the machine runs and the editor shows.
`

/** First words of names that belong together, and what they are about; all others come first. */
const GROUPS: readonly (readonly [title: string, prefix: RegExp])[] = [
  ['Files and commands', /^(?:exec|file_|workspace_)/],
  ['Agents', /^(?:spawn|dag_execute|memory_search|session_history)$/],
  ['Numbers', /^math_/],
  ['Time', /^(?:time_|clock)/],
  ['JSON', /^json_/],
  ['Regular expressions', /^regex_/],
  ['Digests and encodings', /^crypto_/],
  ['Environment', /^env_/],
  [
    'Functions that are methods, too',
    /^(?:list_|map_|str_|string_)|^(?:contains|starts_with|ends_with|index_of|replace|split|trim|substring|push|pop|join|map|filter|fold|find|sort_by|group_by)$/,
  ],
]

/** The text of docs/natives.md. */
export function nativesPage(): string {
  const natives = [...NATIVES.values()]
  const groupOf = ({ name }: Native) => GROUPS.find(([, prefix]) => prefix.test(name))?.[0] ?? 'Values'
  const groups = Map.groupBy(natives, groupOf)
  const titles = ['Values', ...GROUPS.map(([title]) => title)]
  const methods = [...METHODS].map(([type, table]) => section(`Methods: ${type}`, [...table.values()]))
  const functions = titles.map((title) => section(title, groups.get(title) ?? []))
  return [INTRODUCTION, ...functions, ...methods].join('\n')
}

function section(title: string, rows: readonly Native[]): string {
  const lines = rows
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((native) => `| \`${written(native)}\` | ${native.doc.replaceAll('|', '\\|')} |`)
  return `## ${title}\n\n| | |\n|---|---|\n${lines.join('\n')}\n`
}

/** A constant stands without brackets, a method behind a dot. */
function written({ mode, name, signature, receivers, firstArgument }: Native): string {
  if (mode === 'constant') return name
  return receivers === 1 && firstArgument === 1 ? `.${signature}` : signature
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeOrCheck({
    file: NATIVES_PAGE,
    text: nativesPage,
    stale: 'docs/natives.md is not what the tables say: npm run build:natives',
  })
}
