import { type Reader, VARIABLES, type Variable } from '../runtime/variables.ts'
import type { Flags } from './flags.ts'

const LINE = 110

/**
 * The Environment section of a program's help: the variables that it reads, but for rare ones. Those of its own flags
 * stand together, because the flags say the same.
 */
export function environmentHelp(program: Reader, flags: Flags): string {
  const read = VARIABLES.flatMap(({ variables }) => variables).filter(({ readBy }) =>
    readBy.includes(program),
  )
  const hasFlag = ({ flag }: Variable) => flag !== undefined && Object.hasOwn(flags, flag.slice(2))
  const names = read.filter(hasFlag).map(({ name }) => name)
  const told = read.filter((variable) => !hasFlag(variable) && variable.rare !== true)
  const width = Math.max(...told.map(({ name }) => name.length))
  return [
    'Environment (docs/environment.md tells more):',
    ...told.map((variable) => `  ${variable.name.padEnd(width)}  ${sentence(variable)}`),
    ...(names.length === 1
      ? [`  ${names[0]!.padEnd(width)}  the flag of this name`]
      : [...wrapped(names), `  ${' '.repeat(width)}  the flags of these names`]),
  ].join('\n')
}

/** As a terminal shows it. That a switch is off unless it is turned on goes without saying. */
const sentence = ({ meaning, initial }: Variable): string =>
  (initial === null || initial === '`0`' ? meaning : `${meaning} (default: ${initial})`).replaceAll('`', '')

function wrapped(names: readonly string[]): readonly string[] {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + name.length < LINE) lines[lines.length - 1] = `${last} ${name}`
    else lines.push(`  ${name}`)
  }
  return lines
}
