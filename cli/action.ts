import { existsSync } from 'node:fs'
import { closest } from '../compiler/diagnostics/closest.ts'
import { UsageError } from './flags.ts'

/** The action of a command that has several, `neam-cli sessions list`. @throws UsageError that says which there are. */
export function readAction<const A extends string>(
  command: string,
  actions: readonly A[],
  given: string | undefined,
): A {
  const action = actions.find((one) => one === given)
  if (action !== undefined) return action
  const all = `${command} ${actions.join('|')}`
  if (given === undefined) throw new UsageError(`no action is given: ${all}`)
  throw new UsageError(`unknown action ${given}; ${suggestion(given, actions) ?? all}`)
}

/**
 * What stands behind an action: the program, then what the action takes; a name in brackets may be left out. @throws UsageError
 * that names what is missing, or is too much
 */
export function readArguments(
  command: string,
  action: string,
  names: readonly string[],
  given: readonly string[],
): readonly string[] {
  const wanted = ['FILE', ...names]
  const missing = wanted[given.length]
  if (missing !== undefined && !missing.startsWith('['))
    throw new UsageError(`${action} needs ${missing}: ${command} ${action} ${wanted.join(' ')}`)
  const unexpected = given[wanted.length]
  if (unexpected !== undefined)
    throw new UsageError(`unexpected argument ${unexpected}; see ${command} --help`)
  return given
}

/**
 * Refuses what stands in the place of a command and is none, where a file may stand, too: a word that is near to a
 * command, or that something follows as it follows a command. @throws UsageError
 */
export function refuseUnknownCommand(
  program: string,
  argv: readonly string[],
  commands: readonly string[],
): void {
  const [first, ...rest] = argv
  if (first === undefined || commands.includes(first) || !isBareWord(first)) return
  const hint = suggestion(first, commands)
  const next = rest.find((one) => !one.startsWith('-'))
  if (hint === null && next === undefined) return
  const known = `the commands are ${commands.join(', ')}; without one: ${program} ${next}`
  throw new UsageError(`unknown command ${first}; ${hint ?? known}`)
}

/** Neither a flag nor a path nor the name of a program, and no file. */
export const isBareWord = (text: string): boolean => /^[a-z][a-z-]*$/i.test(text) && !existsSync(text)

function suggestion(word: string, words: readonly string[]): string | null {
  const near = closest(word, words)
  return near === null ? null : `did you mean ${near}?`
}
