import { readFileSync, writeFileSync } from 'node:fs'

/** A page of docs that is made from what the programs themselves run by. */
export interface ReferencePage {
  readonly file: string
  readonly text: () => string
  /** What is wrong with a page that is not current, and how it is made anew. */
  readonly stale: string
}

/** Writes the page; with `--check` only looks whether it is current, which the exit code tells. */
export function writeOrCheck({ file, text, stale }: ReferencePage): void {
  if (!process.argv.includes('--check')) writeFileSync(file, text())
  else if (readFileSync(file, 'utf8') !== text()) {
    console.error(stale)
    process.exitCode = 1
  }
}
