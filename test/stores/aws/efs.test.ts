import { describe, expect, test } from '@jest/globals'
import { createFileSystemProbe } from '../../../stores/aws/efs.ts'
import { awsService, type ServiceAnswer } from './service.ts'

const fileSystem = (LifeCycleState: string): ServiceAnswer => ({
  body: { FileSystems: [{ FileSystemId: 'fs-1', LifeCycleState, CreationTime: 1_770_000_000 }] },
})

const targets = (...states: string[]): ServiceAnswer => ({
  body: {
    MountTargets: states.map((LifeCycleState, index) => ({
      MountTargetId: `fsmt-${index}`,
      AvailabilityZoneName: `eu-central-1${'abc'[index]}`,
      LifeCycleState,
    })),
  },
})

async function probeOf(systems: ServiceAnswer, mounts: ServiceAnswer) {
  const { requests, client } = await awsService(({ operation }) =>
    operation.includes('/mount-targets') ? mounts : systems,
  )
  return { requests, probe: createFileSystemProbe({ fileSystemId: 'fs-1', ...client }) }
}

describe('the file system', () => {
  test('is available with one available mount target', async () => {
    const { requests, probe } = await probeOf(fileSystem('available'), targets('available', 'creating'))
    expect(await probe()).toEqual({
      fileSystem: 'available',
      mountTargets: { 'eu-central-1a': 'available', 'eu-central-1b': 'creating' },
      available: true,
    })
    expect(requests.map(({ operation }) => operation).toSorted()).toEqual([
      'GET /2015-02-01/file-systems?FileSystemId=fs-1',
      'GET /2015-02-01/mount-targets?FileSystemId=fs-1',
    ])
  })

  test.each([
    ['available', ['creating']],
    ['available', []],
    ['updating', ['available']],
    ['error', ['available']],
  ])('is not when it is %s with mount targets %j', async (state, mounts) => {
    const { probe } = await probeOf(fileSystem(state), targets(...mounts))
    expect(await probe()).toMatchObject({ fileSystem: state, available: false })
  })

  test('is not when it is gone', async () => {
    const gone = {
      status: 404,
      body: { __type: 'FileSystemNotFound', ErrorCode: 'FileSystemNotFound', Message: 'x' },
    }
    const { probe } = await probeOf(gone, gone)
    expect(await probe()).toEqual({ fileSystem: 'deleted', mountTargets: {}, available: false })
  })

  test('cannot be judged without permission', async () => {
    const denied = { status: 403, body: { __type: 'AccessDeniedException', Message: 'account 123456789012' } }
    const { probe } = await probeOf(denied, denied)
    await expect(probe()).rejects.toMatchObject({
      code: 'service_unavailable',
      data: { service: 'EFS', problem: 'AccessDeniedException' },
    })
  })
})
