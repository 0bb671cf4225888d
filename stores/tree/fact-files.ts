/** The files of facts of a session, for people who decide on single ones. */
import { Fault } from '../../agents/ports/fault.ts'
import type { FactFile } from '../../agents/ports/memory.ts'
import type { StoredMessage } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import { byVersion } from './records.ts'
import { messageLines, readLines } from './session-file.ts'

/** As `MemoryStore.facts`. */
export const factsIn = (files: Files, directory: string): readonly FactFile[] =>
  files
    .listFresh(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted(byVersion)
    .map((file) => ({ file, messages: linesOf(files, `${directory}/${file}`).messages }))

/** As `MemoryStore.replaceFacts`. */
export function replaceFactsIn(
  files: Files,
  directory: string,
  { file, facts }: { readonly file: string; readonly facts: readonly StoredMessage[] },
): void {
  const path = `${directory}/${file}`
  const { damagedLines } = linesOf(files, path)
  if (damagedLines > 0) {
    const problem = `${damagedLines} of its lines cannot be read`
    throw new Fault('record_damaged', { path: files.absolute(path), problem })
  }
  if (facts.length > 0) files.replace(`${directory}/${nextName(file)}`, messageLines(facts))
  files.remove(path)
}

const linesOf = (files: Files, path: string) => readLines(files.readFresh(path) ?? '')

/** `<session>.v7.jsonl`, then `<session>.v7.r1.jsonl`, `<session>.v7.r2.jsonl` ... */
function nextName(file: string): string {
  const [, name = '', revision = '0'] = /^(.*?)(?:\.r(\d+))?\.jsonl$/.exec(file) ?? []
  return `${name}.r${Number(revision) + 1}.jsonl`
}
