import { systemHash } from '../ids.ts'
import { type AuditLine, linesOf } from './lines.ts'
import { parseRecord, recordWithin } from './record.ts'
import { type AuditVerdict, type VerifyOptions, verifyAudit } from './verify.ts'

/**
 * Verifies audit files as one log, whatever their order: the one with the oldest first record comes first.
 * @throws what the file system throws
 */
export async function verifyAuditFiles(
  files: readonly string[],
  options: Omit<VerifyOptions, 'hash'>,
): Promise<AuditVerdict> {
  return await verifyAudit(linesOfAll(await oldestFirst(files)), { ...options, hash: systemHash })
}

async function* linesOfAll(files: readonly string[]): AsyncGenerator<AuditLine> {
  for (const file of files) yield* linesOf(file)
}

async function oldestFirst(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 1) return files
  const dated = await Promise.all(files.map(async (file) => ({ file, since: await firstTime(file) })))
  return dated.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0)).map(({ file }) => file)
}

/** ISO time of the first record of a file; one without any comes last, as does standard input, which is read once. */
async function firstTime(file: string): Promise<string> {
  if (file !== '-')
    for await (const { text } of linesOf(file)) {
      const record = parseRecord(text) ?? recordWithin(text)
      if (record !== null) return record.timestamp
    }
  return '~'
}
