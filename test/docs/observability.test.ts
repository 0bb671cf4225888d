import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { MEASURES } from '../../agents/ports/behaviour.ts'
import { commands, page, withoutNpx } from '../support/docs.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/observability.md')
const [chat, ...others] = commands(PAGE)

describe('docs/observability.md', () => {
  test('prints the program of examples/monitored.neam', () => {
    const [, program] = /```neam\n([\s\S]*?)```/.exec(PAGE)!
    expect(program).toBe(readFileSync(join(ROOT, 'examples/monitored.neam'), 'utf8'))
  })

  test('prints a conversation that happens: the fifth answer brings the alert', () => {
    expect(others).toEqual([])
    const cwd = temporaryDirectory()
    mkdirSync(join(cwd, 'examples'))
    cpSync(join(ROOT, 'examples/monitored.neam'), join(cwd, 'examples/monitored.neam'))
    const [print, cli] = chat!.split(' | ')
    const command = `${print} | ${withoutNpx(cli!).replace(' bin/', ` ${ROOT}bin/`)}`
    const stdout = execFileSync('sh', ['-c', command], { cwd, encoding: 'utf8' })
    const [, printed] = /```text\n([\s\S]*?)```/.exec(PAGE)!
    expect(stdout.split('> ')[5]!.startsWith(printed!)).toBe(true)
    expect(stdout.match(/ALERT/g)).toHaveLength(1)
  })

  test('names every measure', () => {
    const named = [...PAGE.matchAll(/^\| `avg_(\w+)`/gm)].map(([, measure]) => measure)
    expect(new Set(named)).toEqual(new Set(MEASURES))
  })
})
