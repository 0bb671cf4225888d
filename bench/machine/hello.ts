// `hello.mjs FILE.neamb`: loads a program from its bytes and runs it; says on stderr what CPU the process has used.
import { readFileSync } from 'node:fs'
import { decode } from '../../bytecode/codec.ts'
import { RecordingHost } from '../../test/support/recording-host.ts'
import { Program } from '../../vm/program.ts'

class PrintingHost extends RecordingHost {
  override emit(text: string): void {
    console.log(text)
  }
}

await Program.link(decode(readFileSync(process.argv[2]!)))
  .activate(new PrintingHost())
  .runMain()
const { user, system } = process.cpuUsage()
console.error(`cpu ${user + system}`)
