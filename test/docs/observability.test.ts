import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { MEASURES } from '../../agents/ports/behaviour.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import { GEN_AI } from '../../agents/tracing/conventions.ts'
import { commands, page, withoutNpx } from '../support/docs.ts'
import { fetch } from '../support/fetch.ts'
import { type SpanTree, startCollector } from '../support/otlp-collector.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/observability.md')
const [serve, traced, chat, ...others] = commands(PAGE)
const [spans, slow, alert] = [...PAGE.matchAll(/```text\n([\s\S]*?)```/g)].map(([, printed]) => printed!)

const indented = (tree: SpanTree, indent = ''): string =>
  tree
    .map((node) =>
      typeof node === 'string'
        ? `${indent}${node}\n`
        : `${indent}${node[0]}\n${indented(node[1], `${indent}  `)}`,
    )
    .join('')

describe('docs/observability.md', () => {
  test('prints the program of examples/monitored.neam', () => {
    const [, program] = /```neam\n([\s\S]*?)```/.exec(PAGE)!
    expect(program).toBe(readFileSync(join(ROOT, 'examples/monitored.neam'), 'utf8'))
  })

  test('prints what is said of time that went to storage', () => {
    const fault = new Fault('storage_slow', {
      doing: 'starting a model call',
      storage_ms: 21_480,
      of_ms: 27_000,
      operation: 'fsync',
      files: 'sessions',
      slowest_ms: 8012,
    })
    expect(slow).toBe(`${faultText(fault)}\n`)
  })

  test('prints a conversation that happens: the fifth answer brings the alert', () => {
    expect(others).toEqual([])
    const cwd = temporaryDirectory()
    mkdirSync(join(cwd, 'examples'))
    cpSync(join(ROOT, 'examples/monitored.neam'), join(cwd, 'examples/monitored.neam'))
    const [print, cli] = chat!.split(' | ')
    const command = `${print} | ${withoutNpx(cli!).replace(' bin/', ` ${ROOT}bin/`)}`
    const stdout = execFileSync('sh', ['-c', command], { cwd, encoding: 'utf8' })
    expect(stdout.split('> ')[5]!.startsWith(alert!)).toBe(true)
    expect(stdout.match(/ALERT/g)).toHaveLength(1)
  })

  test('prints the spans that the server it starts sends to the collector it names', async () => {
    const collector = await startCollector()
    const [variable, ...command] = serve!.split(' ')
    expect([variable, command.slice(0, 2)]).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318',
      ['npx', 'neam-api'],
    ])
    const directory = temporaryDirectory()
    const server = await startServer('bin/neam-api.js', command.slice(2), {
      ...collector.environment,
      NEAM_SESSIONS_DIR: join(directory, 'sessions'),
      NEAM_WORKSPACE_DIR: join(directory, 'workspace'),
    })
    await fetch(`${server.url}/api/v1/claw/support_bot/sessions/ada/message`, {
      method: 'POST',
      body: '{"message": "Where is ORD-12345?"}',
    })
    await server.stop()
    expect(indented(collector.tree())).toBe(spans)
  })

  test('prints a request that is answered in the trace it names', async () => {
    const [, traceparent = '', url = ''] = /^curl -si -H 'traceparent: (\S+)' (\S+)$/.exec(traced!)!
    const directory = temporaryDirectory()
    const server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
      NEAM_SESSIONS_DIR: join(directory, 'sessions'),
      NEAM_WORKSPACE_DIR: join(directory, 'workspace'),
    })
    const answer = await fetch(server.url + new URL(url).pathname, { headers: { traceparent } })
    await server.stop()
    expect(answer.headers.get('traceparent')?.slice(0, 35)).toBe(traceparent.slice(0, 35))
  })

  test('names every attribute that spans have', () => {
    const names = Object.values(GEN_AI).filter(
      (name) => !name.startsWith('gen_ai.request.') && !name.startsWith('gen_ai.usage.'),
    )
    expect(names.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([])
  })

  test('names every measure', () => {
    const named = [...PAGE.matchAll(/^\| `avg_(\w+)`/gm)].map(([, measure]) => measure)
    expect(new Set(named)).toEqual(new Set(MEASURES))
  })
})
