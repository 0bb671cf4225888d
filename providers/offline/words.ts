/** What the offline model can recognise in a text. No language is understood here, only shapes of words. */

const COMMON = new Set(
  'a an the of to is are was be am do does did can could will would should please me my i we us our you your it its in on at by for from with and or not no what when where which who why how this that there here up as if so just about tell give let'.split(
    ' ',
  ),
)

/** Words that carry meaning, in lower case, `snake_case` and `camelCase` taken apart, plural s dropped. */
export function wordsOf(text: string): ReadonlySet<string> {
  const parts = text
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
  return new Set(parts.filter((word) => word !== '' && !COMMON.has(word)).map(singular))
}

const singular = (word: string): string => (/[^s]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word)

/** `ORD-12345`, `#1001`, `A17`: words with digits that look like somebody's identifier, in the order they stand. */
export const identifiers = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\p{L}\p{N}])(?:\p{L}+[-_]?\d[\p{L}\p{N}_-]*|#?\d{3,})(?![\p{L}\p{N}])/gu)].map(
    ([word]) => word.replace(/^#/, ''),
  )

const EXTENSIONS = [
  ...[
    'py',
    'js',
    'mjs',
    'cjs',
    'ts',
    'tsx',
    'jsx',
    'rs',
    'go',
    'java',
    'kt',
    'rb',
    'php',
    'c',
    'h',
    'cpp',
    'hpp',
    'cs',
  ],
  ...['swift', 'sh', 'sql', 'html', 'css', 'md', 'txt', 'json', 'ya?ml', 'toml', 'csv', 'neam', 'xml', 'ini'],
]

const PATH = new RegExp(
  `(?<![\\w/.~:@-])(?:\\./)?(?:[\\w.-]+/)*[\\w-][\\w.-]*\\.(?:${EXTENSIONS.join('|')})(?![\\w/-])`,
  'g',
)

/** `Node.js` and the like are names of products. */
const PRODUCT = /^(?:node|next|vue|express|react|three|d3|nuxt|alpine|ember|backbone|socket|chart)\.js$/i

/** Relative paths of files, each once, in the order they stand. */
export function pathsIn(text: string): readonly string[] {
  const found = [...text.matchAll(PATH)].map(([path]) => path.replace(/^\.\//, ''))
  const usable = found.filter((path) => {
    const names = path.split('/')
    return !names.includes('..') && !names.includes('node_modules') && !PRODUCT.test(path)
  })
  return [...new Set(usable)]
}

/** The first text in quotes or backticks. */
export const quoted = (text: string): string | null =>
  /"([^"]+)"|`([^`]+)`|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)/
    .exec(text)
    ?.slice(1)
    .find((match) => match !== undefined) ?? null

export const numbersIn = (text: string): readonly number[] =>
  [...text.matchAll(/(?<![\p{L}\p{N}_.-])-?\d+(?:\.\d+)?(?![\p{L}\p{N}_-])/gu)].map(([number]) =>
    Number(number),
  )

/** The first `limit` characters, marked when that is not all. */
export function excerpt(text: string, limit: number): string {
  const characters = [...text.trim().replace(/\s+/g, ' ')]
  return characters.length <= limit ? characters.join('') : `${characters.slice(0, limit).join('')}…`
}
