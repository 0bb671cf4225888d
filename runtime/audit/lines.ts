import { closeSync, createReadStream, openSync, readdirSync, readSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

export interface AuditLine {
  /** As it was given; `-` = standard input. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly text: string
  /** False for a last line without an end of line. */
  readonly whole: boolean
}

/** Lines of one audit file, plain or gzipped, or of standard input (`-`). @throws what the file system throws */
export async function* linesOf(file: string): AsyncGenerator<AuditLine> {
  let line = 0
  let rest = ''
  // Not node:readline: it ends lines at U+2028 too, which JSON may hold.
  for await (const chunk of textOf(file)) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const text of parts) yield { file, line: ++line, text, whole: true }
  }
  if (rest !== '') yield { file, line: ++line, text: rest, whole: false }
}

function textOf(file: string): Readable {
  if (file === '-') return process.stdin.setEncoding('utf8')
  // Before the stream: of a file that is not there nobody would listen to its error.
  const isPacked = isGzipped(file)
  const bytes = createReadStream(file)
  if (!isPacked) return bytes.setEncoding('utf8')
  const text = createGunzip().setEncoding('utf8')
  // Ends the one with the other; whoever reads the text gets the error.
  pipeline(bytes, text, () => {})
  return text
}

function isGzipped(file: string): boolean {
  const handle = openSync(file, 'r')
  try {
    const start = Buffer.alloc(2)
    return readSync(handle, start) === 2 && start.readUInt16BE() === 0x1f8b
  } finally {
    closeSync(handle)
  }
}

/** An audit file and its rotated parts beside it, such as `audit.jsonl.1` and `audit.jsonl-20261121.gz`. */
export function withRotated(path: string): readonly string[] {
  const name = basename(path)
  const isPart = (other: string): boolean =>
    other.startsWith(name) && /^[.-][\w.-]*\d/.test(other.slice(name.length))
  return readdirSync(dirname(path))
    .filter((other) => other === name || isPart(other))
    .map((other) => join(dirname(path), other))
}
