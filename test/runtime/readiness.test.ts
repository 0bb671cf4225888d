import { describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { type ReadinessOptions, systemReadiness } from '../../runtime/readiness.ts'
import { systemTimers } from '../../runtime/time.ts'
import { createFileSystemProbe } from '../../stores/aws/efs.ts'
import type { Tree } from '../../stores/tree/tree.ts'
import { awsService } from '../stores/aws/service.ts'
import { moduleOf, testApi } from '../support/system.ts'

const TREE = { check: () => ({ freeBytes: 3.25 * 1024 ** 3 }) } as Tree

/** Checks of a system with two agents, over a clock that the test moves. */
async function checks(options: Partial<ReadinessOptions> = {}, tree: Tree = TREE) {
  const module = moduleOf(`agent A { provider: "openai" model: "gpt-4o" }
    agent B { provider: "openai" model: "gpt-4o" }`)
  const { system } = await testApi({ module })
  const clock = { at: 0, now: () => clock.at }
  const readiness = systemReadiness({
    fileSystem: null,
    providerUrls: () => [],
    clock,
    timers: systemTimers,
    ...options,
  })
  return { clock, ask: () => readiness(system.world, tree) }
}

/** A deadline that is over from the start. */
const overdue = {
  ...systemTimers,
  deadline: () => ({ signal: AbortSignal.abort(), cancel: () => {} }),
}

test('agents and tree tell what was found', async () => {
  const { ask } = await checks()
  expect(await ask()).toEqual({
    agents: { ok: true, ms: 0, detail: '2 loaded' },
    tree: { ok: true, ms: 0, detail: 'writable, 3.3 GiB free' },
    models: { ok: true, ms: 0, detail: 'offline' },
  })
})

test('a tree that fails fails alone', async () => {
  const tree = {
    check() {
      throw new Fault('storage_full', { path: '/mnt/neam' })
    },
  } as unknown as Tree
  const { ask } = await checks({}, tree)
  expect(await ask()).toMatchObject({
    agents: { ok: true },
    tree: { ok: false, detail: 'no space left at /mnt/neam' },
  })
})

describe('providers', () => {
  test('are reached when they answer, whatever they say; asked once in ten seconds, without the password of an address', async () => {
    const { requests, client } = await awsService(() => ({ status: 401, body: {} }))
    const host = client.endpoint.replace('http://', '')
    const { ask, clock } = await checks({ providerUrls: () => [`http://ada:secret@${host}/v1?key=secret`] })
    const [first] = await Promise.all([ask(), ask()])
    expect(first.providers).toEqual({ ok: true, ms: 0, detail: `reached ${host}` })
    clock.at = 9_999
    await ask()
    expect(requests).toEqual([{ operation: 'HEAD /v1', body: {} }])
    clock.at = 10_000
    await ask()
    expect(requests).toHaveLength(2)
  })

  test.each([
    ['http://ada:secret@127.0.0.1:9/v1', '127.0.0.1:9 cannot be used: no connection'],
    ['secret', 'an address that is no URL cannot be used: no connection'],
  ])('are not when nobody answers at %s', async (url, detail) => {
    const { ask } = await checks({ providerUrls: () => [url] })
    expect((await ask()).providers).toEqual({ ok: false, ms: 0, detail })
  })

  test('are not when they keep a probe waiting', async () => {
    const { ask } = await checks({ providerUrls: () => ['http://127.0.0.1:9'], timers: overdue })
    expect((await ask()).providers).toMatchObject({
      ok: false,
      detail: '127.0.0.1:9 cannot be used: no answer within 3000 ms',
    })
  })
})

describe('the file system on AWS', () => {
  async function efs(state: string, target: string) {
    const { requests, client } = await awsService(({ operation }) => ({
      body: operation.includes('/mount-targets')
        ? { MountTargets: [{ AvailabilityZoneName: 'eu-central-1a', LifeCycleState: target }] }
        : { FileSystems: [{ FileSystemId: 'fs-1', LifeCycleState: state }] },
    }))
    return { requests, fileSystem: createFileSystemProbe({ fileSystemId: 'fs-1', ...client }) }
  }

  test('is ready with a mount target that is available; EFS is asked once in ten seconds', async () => {
    const { requests, fileSystem } = await efs('available', 'available')
    const { ask } = await checks({ fileSystem })
    const detail = 'available, mount targets: eu-central-1a available'
    expect((await ask()).file_system).toEqual({ ok: true, ms: 0, detail })
    await ask()
    expect(requests).toHaveLength(2)
  })

  test('is not while its mount target is made', async () => {
    const { fileSystem } = await efs('available', 'creating')
    const { ask } = await checks({ fileSystem })
    expect((await ask()).file_system).toMatchObject({
      ok: false,
      detail: 'EFS cannot be used: available, mount targets: eu-central-1a creating',
    })
  })

  test('is not when EFS keeps a probe waiting', async () => {
    const aborted = new AbortController()
    const timers = { ...systemTimers, deadline: () => ({ signal: aborted.signal, cancel: () => {} }) }
    const fileSystem = () => {
      queueMicrotask(() => aborted.abort())
      return new Promise<never>(() => {})
    }
    const { ask } = await checks({ fileSystem, timers })
    expect((await ask()).file_system?.detail).toBe('EFS cannot be used: no answer within 3000 ms')
  })
})
