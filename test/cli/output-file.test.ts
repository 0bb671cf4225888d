import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { writeOutputFile } from '../../cli/output-file.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const bytes = (content: string) => new TextEncoder().encode(content)

describe('an output file', () => {
  test('that is there keeps its mode, and nothing is left beside it', () => {
    const directory = temporaryDirectory()
    const path = join(directory, 'a')
    writeFileSync(path, 'old')
    chmodSync(path, 0o640)
    writeOutputFile(path, bytes('new'))
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['new', 0o640])
    expect(readdirSync(directory)).toEqual(['a'])
  })

  test('behind a link is written, and the link stays', () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'a'), 'old')
    symlinkSync('a', join(directory, 'link'))
    writeOutputFile(join(directory, 'link'), bytes('new'))
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('new')
    expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true)
  })

  test('that is a pipe is written to, and not replaced', async () => {
    const pipe = join(temporaryDirectory(), 'pipe')
    execFileSync('mkfifo', [pipe])
    const reader = spawn('cat', [pipe])
    writeOutputFile(pipe, bytes('through'))
    expect(await text(reader.stdout)).toBe('through')
    expect(lstatSync(pipe).isFIFO()).toBe(true)
  })
})

test('a standard output that is full ends the program with one line', async () => {
  const program = join(temporaryDirectory(), 'a.neam')
  writeFileSync(program, 'emit "x";\n')
  const shell = spawn('sh', ['-c', `"$0" "${ROOT}bin/neam.js" "${program}" > /dev/full`, process.execPath])
  const [stderr, [code]] = await Promise.all([text(shell.stderr), once(shell, 'close')])
  expect({ stderr, code }).toEqual({
    stderr: 'neam: cannot write to standard output: ENOSPC: no space left on device, write\n',
    code: 1,
  })
})
