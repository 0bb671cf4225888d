import { mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { encode } from '../../bytecode/codec.ts'
import type { Manifest } from '../../bytecode/manifest.ts'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { compileFile, printDiagnostics } from '../compile-file.ts'
import { UsageError } from '../flags.ts'
import { writeOutputFile } from '../output-file.ts'

export const compile = command({
  usage: 'compile FILE.neam... [--output DIR]',
  summary: 'compiles to bytecode; the word "compile" may be left out',
  examples: ['neamc compile agents.neam --output build'],
  exitCodes: { 1: 'a program has errors, or a file cannot be read or written' },
  flags: {
    out: { type: 'string', short: 'o', value: 'FILE', help: 'write the bytecode to this file' },
    output: {
      type: 'string',
      value: 'DIR',
      help: 'write NAME.neamb into this directory (default: beside the source)',
    },
  },
  run({ values, positionals: sources }) {
    if (sources.length === 0) throw new UsageError('no file is given, e.g. neamc agents.neam')
    if (values.out !== undefined && values.output !== undefined)
      throw new UsageError('-o FILE and --output DIR exclude each other')
    if (values.out !== undefined && sources.length > 1)
      throw new UsageError(`-o takes one source file, got ${sources.length}; use --output DIR`)
    const targets = sources.map((source) => ({
      source,
      target: values.out ?? join(values.output ?? dirname(source), `${stemOf(source)}.neamb`),
    }))
    refuseOverwriting(targets)
    const compiled = targets.map(({ source, target }) => compileOne(source, target, values.output))
    return compiled.every((ok) => ok) ? 0 : 1
  },
})

const stemOf = (source: string): string => basename(source).replace(/\.neam$/, '')

function refuseOverwriting(targets: readonly { readonly source: string; readonly target: string }[]): void {
  const taken = new Map<string, string>()
  for (const { source, target } of targets) {
    const other = taken.get(target)
    if (other !== undefined) throw new UsageError(`${other} and ${source} would both be written to ${target}`)
    if (target === source) throw new UsageError(`${source} would overwrite itself`)
    taken.set(target, source)
  }
}

function compileOne(source: string, target: string, directory: string | undefined): boolean {
  const { module, ...found } = compileFile(source)
  printDiagnostics(found)
  if (module === null) return false
  if (directory !== undefined) makeDirectory(directory)
  writeOutputFile(target, encode(module))
  process.stdout.write(`${target}: ${contents(module.manifest)}\n`)
  return true
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new CommandError(`cannot make the directory ${directory}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** E.g. `1 claw agent, 1 forge agent, 4 skills`. */
function contents({ agents, skills, guards, channels }: Manifest): string {
  const of = (kind: string) => agents.filter((agent) => agent.kind === kind).length
  const counts: readonly (readonly [number, string])[] = [
    [of('agent'), 'agent'],
    [of('claw'), 'claw agent'],
    [of('forge'), 'forge agent'],
    [skills.length, 'skill'],
    [guards.length, 'guard'],
    [channels.length, 'channel'],
  ]
  const present = counts.filter(([count]) => count > 0)
  if (present.length === 0) return 'no agents'
  return present.map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`).join(', ')
}
