/** `neam-cli audit verify`: whether audit records are as they were written. */
import { withRotated } from '../../runtime/audit/lines.ts'
import type { AuditChain, AuditProblem, AuditVerdict, Place } from '../../runtime/audit/verify.ts'
import { verifyAuditFiles } from '../../runtime/audit/verify-files.ts'
import { processEnvironment } from '../../runtime/environment.ts'
import { readSettings } from '../../runtime/settings.ts'
import { readAction } from '../action.ts'
import { type Command, command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { type Flags, UsageError } from '../flags.ts'

const FLAGS = {
  log: {
    type: 'boolean',
    help: 'the records stand in a log (of CloudWatch, of a server): pass over its other lines',
  },
  continued: { type: 'boolean', help: 'older files are kept elsewhere: chains may begin after their start' },
  head: {
    type: 'string',
    value: 'HASH,...',
    help: 'hashes that an earlier verification printed: these records must still be there',
  },
  json: { type: 'boolean', help: 'print the verdict as one JSON object' },
} as const satisfies Flags

const SOUND = 0
const TAMPERED = 1
/** Nothing is wrong, but the end of a chain is not there. */
const OPEN = 3

export const audit: Command = command({
  usage: 'audit verify [PATH...]',
  summary: 'finds audit records that were changed, removed, moved or put in',
  examples: ['neam-cli audit verify audit.jsonl', 'neam-cli audit verify --log - < server.log'],
  exitCodes: { 0: 'all is whole', 1: 'it is not', 3: 'it is, but a chain has no end' },
  about: 'In PATH (- = standard input), or in NEAM_AUDIT_LOG and its rotated files.',
  flags: FLAGS,
  async run({ values, positionals: [action, ...paths] }) {
    readAction('neam-cli audit', ['verify'], action)
    const heads = (values.head ?? '').split(',').filter((head) => head !== '')
    const verdict = await verdictOn(paths.length > 0 ? paths : filesOfSettings(), {
      log: values.log === true,
      continued: values.continued === true,
      heads,
    })
    print(values.json ? jsonOf(verdict) : textOf(verdict))
    return exitCode(verdict)
  },
})

function exitCode({ problems, unfinished, chains }: AuditVerdict): number {
  if (problems.length > 0) return TAMPERED
  return unfinished.length > 0 || chains.some(({ ended }) => !ended) ? OPEN : SOUND
}

async function verdictOn(...[files, options]: Parameters<typeof verifyAuditFiles>): Promise<AuditVerdict> {
  try {
    return await verifyAuditFiles(files, options)
  } catch (error) {
    throw unreadable(error)
  }
}

function filesOfSettings(): readonly string[] {
  const { auditLog } = readSettings(processEnvironment(), process.cwd())
  if (auditLog === null)
    throw new UsageError('no file is given and NEAM_AUDIT_LOG is not set: neam-cli audit verify PATH')
  try {
    const files = withRotated(auditLog)
    if (files.length > 0) return files
  } catch (error) {
    throw unreadable(error)
  }
  throw new CommandError(`there is no audit file ${auditLog}`)
}

const unreadable = (error: unknown): Error =>
  error instanceof Error && 'code' in error
    ? new CommandError(`audit records cannot be read: ${error.message}`, { cause: error })
    : (error as Error)

const jsonOf = (verdict: AuditVerdict): string =>
  JSON.stringify({
    intact: verdict.problems.length === 0,
    records: verdict.records,
    chains: verdict.chains,
    problems: verdict.problems.map((problem) => ({ ...problem, reason: reasonOf(problem) })),
    unfinished: verdict.unfinished,
  })

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

function textOf({ records, chains, problems, unfinished }: AuditVerdict): string {
  const all = `${counted(records, 'record')} in ${counted(chains.length, 'chain')}`
  return [
    ...problems.map((problem) => `${placeText(problem.place)}${reasonOf(problem)}`),
    ...unfinished.map(
      (place) => `${placeText(place)}half a line, as a process leaves that is killed while it writes`,
    ),
    ...chains.map(chainText),
    problems.length === 0 ? `${all}: whole.` : `${all}: ${counted(problems.length, 'problem')}.`,
  ].join('\n')
}

const placeText = (place: Place | null): string => (place === null ? '' : `${place.file}:${place.line}: `)

const chainText = ({ writer, records, from, to, head, ended }: AuditChain): string =>
  `chain ${writer}: ${counted(records, 'record')}, ${from} to ${to}, head ${head}${
    ended ? '' : '\n    without an end: its process runs, was killed, or the last records were cut off'
  }`

function reasonOf(problem: AuditProblem): string {
  switch (problem.code) {
    case 'foreign_line':
      return 'is no audit record: it was damaged or put in (--log passes over other lines of a log)'
    case 'changed':
      return `record ${problem.seq} of ${problem.writer} was changed: its hash is not that of its content`
    case 'replaced':
      return `record ${problem.seq} of ${problem.writer} does not follow on the one in ${problem.before.file}:${problem.before.line}: one of the two was replaced`
    case 'reordered':
      return `record ${problem.seq} of ${problem.writer} stands behind later ones: it was moved`
    case 'inserted':
      return `record ${problem.seq} of ${problem.writer} stands in ${problem.first.file}:${problem.first.line} already: it was put in`
    case 'removed': {
      const { from, to, writer } = problem
      const what =
        from === to ? `record ${from} of ${writer} is` : `records ${from} to ${to} of ${writer} are`
      return `${what} missing before this one${from === 1 ? ' (--continued if they are kept elsewhere)' : ''}`
    }
    case 'predecessor_missing':
      return `${problem.writer} began after the record with hash ${problem.hash}, which is missing (--continued if it is kept elsewhere)`
    case 'head_missing':
      return `no record has the hash ${problem.hash} of --head: it was removed or replaced`
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)
