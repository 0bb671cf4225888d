import { disassemble as textOf } from '../../bytecode/disassemble.ts'
import { command } from '../command.ts'
import { UsageError } from '../flags.ts'
import { loadModule } from '../program-file.ts'

export const disassemble = command({
  usage: 'disassemble FILE.neam|FILE.neamb',
  summary: 'prints the bytecode as text',
  examples: ['neamc disassemble agents.neam'],
  flags: {},
  async run({ positionals }) {
    const [path, ...more] = positionals
    if (path === undefined || more.length > 0) throw new UsageError('disassemble takes one file')
    process.stdout.write(textOf(await loadModule(path)))
    return 0
  },
})
