import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closest } from '../../compiler/diagnostics/closest.ts'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { UsageError } from '../flags.ts'
import { packageRoot } from '../package-root.ts'

export const explain = command({
  usage: 'explain CODE',
  summary: 'prints what an error code means and how to mend it',
  examples: ['neamc explain E4001'],
  flags: {},
  run({ positionals }) {
    const [written, ...more] = positionals
    if (written === undefined || more.length > 0)
      throw new UsageError('explain takes one code, e.g. neamc explain E4001')
    const code = written.toUpperCase()
    const folder = join(packageRoot(), 'docs', 'errors')
    const codes = readdirSync(folder)
      .filter((file) => file.endsWith('.md'))
      .map((file) => file.slice(0, -'.md'.length))
    if (!codes.includes(code)) {
      const near = closest(code, codes)
      const hint = near === null ? `the codes are ${codes.join(', ')}` : `did you mean ${near}?`
      throw new CommandError(`there is no error ${code}; ${hint}`)
    }
    process.stdout.write(readFileSync(join(folder, `${code}.md`), 'utf8'))
    return 0
  },
})
