import { cpSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { IgnoreStrategy } from 'aws-cdk-lib'
import { ROOT } from './server.ts'

/** One instruction of a Dockerfile: its name, and what follows it. */
export type Step = readonly [instruction: string, argument: string]

/** The instructions of a Dockerfile of ours by stage, continuation lines joined; those above the first FROM are left out. */
export const stagesOf = (file: string): readonly (readonly Step[])[] =>
  readFileSync(join(ROOT, file), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split(/^(?=FROM )/m)
    .filter((stage) => stage.startsWith('FROM '))
    .map((stage) => [...stage.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, name, rest]) => [name!, rest!]))

/** The arguments of all instructions of this name. */
export const argumentsOf = (stage: readonly Step[], instruction: string): readonly string[] =>
  stage.filter(([name]) => name === instruction).map(([, argument]) => argument)

/** Whether `.dockerignore` keeps this path of the project, relative to it, from Docker. */
export const isIgnored = (path: string): boolean => strategy().ignores(join(ROOT, path))

/** Copies what Docker gets of the project. */
export function copyContext(to: string): void {
  const ignored = strategy()
  const goes = (path: string) =>
    path === PROJECT ||
    !(statSync(path).isDirectory() ? ignored.completelyIgnores(path) : ignored.ignores(path))
  cpSync(PROJECT, to, { recursive: true, filter: goes })
}

const PROJECT = resolve(ROOT)
const strategy = () =>
  IgnoreStrategy.docker(PROJECT, readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n'))
