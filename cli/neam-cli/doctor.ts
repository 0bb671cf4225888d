/** `neam-cli doctor`: looks through the tree for what a crash or a bad disk has left. */
import { examine, type Finding } from '../../runtime/doctor.ts'
import { processEnvironment } from '../../runtime/environment.ts'
import { readSettings } from '../../runtime/settings.ts'
import { type Command, command } from '../command.ts'
import { type Flags, UsageError } from '../flags.ts'

const FLAGS = {
  fix: { type: 'boolean', help: 'mend what needs no decision: views of sessions, left-over temporary files' },
  json: { type: 'boolean', help: 'print the findings as one JSON object' },
} as const satisfies Flags

/** Exit code 0: nothing is wrong, or all is mended. */
export const doctor: Command = command({
  usage: 'doctor [--fix] [--json]',
  summary: 'examines the tree (NEAM_SESSIONS_DIR, NEAM_STATE_DIR) and says what is wrong with it',
  examples: ['neam-cli doctor', 'neam-cli doctor --fix --json'],
  exitCodes: { 0: 'the tree is sound, or was mended', 1: 'something is wrong with it, or it cannot be read' },
  flags: FLAGS,
  run({ values, positionals: [unexpected] }) {
    if (unexpected !== undefined)
      throw new UsageError(`unexpected argument ${unexpected}; the tree is that of NEAM_SESSIONS_DIR`)
    const settings = readSettings(processEnvironment(), process.cwd())
    const findings = examine(settings, values.fix === true)
    const wrong = findings.filter(({ mended }) => !mended)
    if (values.json)
      print(JSON.stringify({ sessions_dir: settings.sessionsDir, state_dir: settings.stateDir, findings }))
    else {
      for (const finding of findings) print(lineOf(finding))
      print(summary(settings.sessionsDir, findings.length, findings.length - wrong.length))
    }
    return wrong.length === 0 ? 0 : 1
  },
})

function lineOf({ kind, path, problem, remedy, mended }: Finding): string {
  const next = mended ? 'mended' : (remedy ?? 'neam-cli doctor --fix mends it')
  return `${kind}  ${path}: ${problem}\n    ${next}`
}

function summary(place: string, found: number, mended: number): string {
  if (found === 0) return `The tree at ${place} is sound.`
  const problems = found === 1 ? '1 problem' : `${found} problems`
  return mended === 0 ? `${problems} found.` : `${problems} found, ${mended} mended.`
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
