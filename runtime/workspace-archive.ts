/** Workspaces as one file, to take out and to put back. */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { Fault } from '../agents/ports/fault.ts'
import type { Workspace } from '../agents/ports/workspace.ts'

/** Unpacked; what is held in memory while an archive is made or read. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024

/**
 * The plain files below a folder as a gzipped tar, with paths from the workspace. Links, devices, `.git` and `.neam`
 * are left out. Throws `path_refused`, or `export_too_large` above `maxBytes`.
 */
export async function packWorkspace(
  workspace: Workspace,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const { packTar } = await import('modern-tar')
  const entries: { header: { name: string; size: number; type: 'file' }; body: Uint8Array }[] = []
  let left = MAX_UNPACKED_BYTES
  for (const name of await workspace.walk(path)) {
    const size = (await workspace.stat(name))?.size ?? 0
    if (size > left) throw tooLarge(MAX_UNPACKED_BYTES)
    const body = await workspace.readBytes(name, left)
    // Removed since it was listed.
    if (body === null) continue
    left -= body.length
    entries.push({ header: { name, size: body.length, type: 'file' }, body })
  }
  const packed = await promisify(gzip)(await packTar(entries))
  if (packed.length > maxBytes) throw tooLarge(maxBytes)
  return packed
}

const tooLarge = (limit: number): Fault => new Fault('export_too_large', { format: 'archive', limit })

/** The files of such an archive, by path. Throws `bad_request` for other bytes. */
export async function unpackWorkspace(archive: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const { unpackTar } = await import('modern-tar')
  const files = new Map<string, Uint8Array>()
  try {
    const tar = await promisify(gunzip)(archive, { maxOutputLength: 2 * MAX_UNPACKED_BYTES })
    for (const { header, data } of await unpackTar(tar)) {
      if (header.type === 'file') files.set(header.name, data ?? new Uint8Array())
    }
  } catch (error) {
    throw new Fault(
      'bad_request',
      { problem: `no archive of a workspace was sent: ${error}` },
      { cause: error },
    )
  }
  return files
}
