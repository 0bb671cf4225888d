import { warningText } from '../runtime/log.ts'
import type { SystemOptions } from '../runtime/system.ts'

/** What a program says to the person who runs it: its output on stdout, warnings on stderr. */
export const terminalOutput: SystemOptions['output'] = {
  emit: (line) => void process.stdout.write(`${line}\n`),
  print: (text) => void process.stdout.write(text),
  warn: (line, cause) => void process.stderr.write(`warning: ${warningText(line, cause)}\n`),
}
