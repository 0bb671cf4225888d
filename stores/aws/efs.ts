import { lazily } from '../../agents/ports/lazily.ts'
import { type AwsClientOptions, unavailable, withTimeouts } from './client-options.ts'

export interface FileSystemOptions extends AwsClientOptions {
  /** `fs-...` */
  readonly fileSystemId: string
}

/** What EFS says about the tree's file system, in its own words: `available`, `creating`, `error`, ... */
export interface FileSystemState {
  readonly fileSystem: string
  /** By availability zone. */
  readonly mountTargets: Readonly<Record<string, string>>
  /** The file system and at least one mount target are available. */
  readonly available: boolean
}

/**
 * Asks EFS about the file system behind the mount: a readiness check that tells "not mounted" from "not there".
 * Throws `service_unavailable`.
 */
export function createFileSystemProbe(options: FileSystemOptions): () => Promise<FileSystemState> {
  const { fileSystemId, ...clientOptions } = options
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-efs')
    return { sdk, client: new sdk.EFSClient(withTimeouts(clientOptions)) }
  })

  return async () => {
    const { client, sdk } = await load()
    try {
      const [fileSystems, targets] = await Promise.all([
        client.send(new sdk.DescribeFileSystemsCommand({ FileSystemId: fileSystemId })),
        client.send(new sdk.DescribeMountTargetsCommand({ FileSystemId: fileSystemId })),
      ])
      const fileSystem = fileSystems.FileSystems?.[0]?.LifeCycleState ?? 'deleted'
      const mountTargets = Object.fromEntries(
        (targets.MountTargets ?? []).map((target) => [
          target.AvailabilityZoneName ?? target.MountTargetId ?? '',
          target.LifeCycleState ?? 'error',
        ]),
      )
      const available =
        fileSystem === 'available' && Object.values(mountTargets).some((state) => state === 'available')
      return { fileSystem, mountTargets, available }
    } catch (error) {
      if (error instanceof sdk.FileSystemNotFound) {
        return { fileSystem: 'deleted', mountTargets: {}, available: false }
      }
      throw unavailable('EFS', error)
    }
  }
}
