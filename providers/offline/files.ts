import type { ToolSpec } from '../../agents/ports/model.ts'
import type { ForgeTask } from './conversation.ts'
import { pathsIn, wordsOf } from './words.ts'

/** More than a feedback or a task sensibly asks for at once. */
const MAX_FILES = 8

interface Language {
  readonly name: RegExp
  readonly extension: string
  /** Written first where no file is named. */
  readonly main: string
  /** Between the words of a file name. */
  readonly joint: string
}

const LANGUAGES: readonly Language[] = [
  { name: /\bpython\b|\bpytest\b/i, extension: 'py', main: 'src/main.py', joint: '_' },
  { name: /\btypescript\b/i, extension: 'ts', main: 'src/index.ts', joint: '-' },
  { name: /\bjavascript\b|\bnode(?:\.?js)?\b/i, extension: 'js', main: 'src/index.js', joint: '-' },
  { name: /\brust\b|\bcargo\b/i, extension: 'rs', main: 'src/main.rs', joint: '_' },
  {
    name: /\bgolang\b|\bgo (?:program|module|code|developer|engineer)\b/i,
    extension: 'go',
    main: 'main.go',
    joint: '_',
  },
  { name: /\bjava\b/i, extension: 'java', main: 'src/Main.java', joint: '_' },
]
const PROSE: Omit<Language, 'name'> = { extension: 'md', main: 'output.md', joint: '-' }

/** A tool that writes a file, with the names of its two parameters. */
export interface Writer {
  readonly tool: ToolSpec
  readonly path: string
  readonly content: string
}

const PATH_PARAMETER = /^(?:path|file|filename|file_?path|file_?name)$/i
const CONTENT_PARAMETER = /^(?:content|contents|text|body|data)$/i

/** The tool to write files with; one that appends is taken only when there is no other. */
export function findWriter(tools: readonly ToolSpec[]): Writer | null {
  const writers = tools.flatMap((tool) => {
    const names = Object.keys(tool.parameters.properties)
    const path = names.find((name) => PATH_PARAMETER.test(name))
    const content = names.find((name) => CONTENT_PARAMETER.test(name))
    const others = tool.parameters.required.filter((name) => name !== path && name !== content)
    return path && content && others.length === 0 ? [{ tool, path, content }] : []
  })
  return writers.find(({ tool }) => !/append/i.test(tool.name)) ?? writers[0] ?? null
}

/**
 * The files that a try should write: those the feedback names, else those the task names, else, without a plan,
 * those the prompt names, else the one file that a project of this language begins with.
 */
export function filesFor({ task, feedback, context }: ForgeTask): readonly string[] {
  const named = [feedback, task ?? '', task === null ? context : '']
    .map(pathsIn)
    .find((paths) => paths.length > 0)
  if (named) return named.slice(0, MAX_FILES)
  const language = LANGUAGES.find(({ name }) => name.test(`${task ?? ''}\n${context}`)) ?? PROSE
  return [task === null ? language.main : fileNamedAfter(task, language)]
}

/** `Add input validation to the register method` becomes `src/add_input_validation_register.py`. */
function fileNamedAfter(task: string, { extension, joint }: Omit<Language, 'name'>): string {
  const words = [...wordsOf(task)].map((word) => word.replace(/[^a-z0-9]/g, '')).filter((word) => word !== '')
  const name = words.slice(0, 4).join(joint) || 'task'
  return extension === 'md' ? `${name}.md` : `src/${name}.${extension}`
}
