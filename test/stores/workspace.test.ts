import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { Workspace } from '../../agents/ports/workspace.ts'
import { MAX_READ_BYTES, MAX_WRITE_BYTES } from '../../stores/tree/workspace.ts'
import { ADDRESSING, type Addressing } from '../../stores/tree/workspace-folder.ts'
import { treeWorkspaces } from '../../stores/tree/workspaces.ts'
import { faultOf } from '../support/faults.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** More than any folder here holds. */
const PAGE = { after: null, limit: 100 }

const addressings: readonly Addressing[] = ADDRESSING === 'descriptor' ? ['descriptor', 'name'] : ['name']

const SECRET = 'what lies outside'

/** A workspace beside a folder that nobody may touch. */
async function opened(addressing: Addressing) {
  const directory = temporaryDirectory()
  const root = join(directory, 'ws')
  const outside = join(directory, 'ws-outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'canary.txt'), SECRET)
  const workspaces = treeWorkspaces({ workspaceDir: null, cwd: directory, addressing })
  return { root, outside, workspace: await workspaces.open(root) }
}

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const fault = await faultOf(promise)
  expect(fault.code).toBe('path_refused')
  return String(fault.data.problem)
}

describe.each(addressings)('a workspace that addresses children by %s', (addressing) => {
  test('gives back what was written, with folders made on the way', async () => {
    const { workspace, root } = await opened(addressing)
    await workspace.write('src/deep/main.py', 'print("é")\n')
    expect(await workspace.read('./src//deep/main.py')).toBe('print("é")\n')
    expect(readFileSync(join(root, 'src/deep/main.py'), 'utf8')).toBe('print("é")\n')
  })

  test('replaces a file whole and keeps its mode', async () => {
    const { workspace, root } = await opened(addressing)
    await workspace.write('run.sh', 'old and long')
    chmodSync(join(root, 'run.sh'), 0o755)
    await workspace.write('run.sh', 'new')
    expect(await workspace.read('run.sh')).toBe('new')
    expect(statSync(join(root, 'run.sh')).mode & 0o777).toBe(0o755)
    expect(readdirSync(root)).toEqual(['run.sh'])
  })

  test('appends, making the file first', async () => {
    const { workspace } = await opened(addressing)
    await workspace.append('log/progress.jsonl', 'a\n')
    await workspace.append('log/progress.jsonl', 'b\n')
    expect(await workspace.read('log/progress.jsonl')).toBe('a\nb\n')
  })

  test('answers null for what does not exist', async () => {
    const { workspace } = await opened(addressing)
    expect(await workspace.read('none.txt')).toBeNull()
    expect(await workspace.read('none/at/all.txt')).toBeNull()
    expect(await workspace.page('none', PAGE)).toBeNull()
  })

  test('lists sorted names, folders with a slash, without .neam', async () => {
    const { workspace, root } = await opened(addressing)
    for (const folder of ['src', '.neam']) mkdirSync(join(root, folder))
    for (const file of ['b.txt', 'a.txt', '.neam-0a1b.tmp']) writeFileSync(join(root, file), '')
    expect(await workspace.page('.', PAGE)).toEqual({ names: ['a.txt', 'b.txt', 'src/'], next: null })
    expect(await workspace.page('src', PAGE)).toEqual({ names: [], next: null })
  })

  test.each([
    ['../canary.txt', /leads out/],
    ['a/../../canary.txt', /leads out/],
    ['/etc/passwd', /absolute/],
    ['a\0b', /NUL/],
    ['..\\canary.txt', /backslash/],
    ['~/canary.txt', /home folder/],
    ['.neam/state/kill.json', /not open/],
    ['.git/config', /not open/],
    ['sub/.GIT/hooks/pre-commit', /not open/],
    ['', /workspace itself/],
    ['.', /workspace itself/],
    ['x'.repeat(256), /255 bytes/],
    ['x/'.repeat(2049), /4096 bytes/],
  ])('refuses to read, write and append %j', async (path, problem) => {
    const { workspace, root } = await opened(addressing)
    expect(await refusal(workspace.read(path))).toMatch(problem)
    expect(await refusal(workspace.write(path, 'x'))).toMatch(problem)
    expect(await refusal(workspace.append(path, 'x'))).toMatch(problem)
    expect(readdirSync(root)).toEqual([])
  })

  test('follows no symbolic link, whether last, on the way, or in place of a new folder', async () => {
    const { workspace, root, outside } = await opened(addressing)
    symlinkSync(join(outside, 'canary.txt'), join(root, 'link.txt'))
    symlinkSync(outside, join(root, 'linked'))
    symlinkSync('missing', join(root, 'dangling'))
    for (const path of ['link.txt', 'linked/canary.txt', 'linked/new/x.txt', 'dangling/x.txt']) {
      expect(await refusal(workspace.read(path))).toMatch(/symbolic link/)
      expect(await refusal(workspace.write(path, 'x'))).toMatch(/symbolic link/)
      expect(await refusal(workspace.append(path, 'x'))).toMatch(/symbolic link/)
    }
    expect(await refusal(workspace.page('linked', PAGE))).toMatch(/symbolic link/)
    expect(readdirSync(outside)).toEqual(['canary.txt'])
    expect(readFileSync(join(outside, 'canary.txt'), 'utf8')).toBe(SECRET)
  })

  test('refuses a hard link, which may lead to a file outside', async () => {
    const { workspace, root, outside } = await opened(addressing)
    linkSync(join(outside, 'canary.txt'), join(root, 'hard.txt'))
    for (const attempt of [workspace.read('hard.txt'), workspace.write('hard.txt', 'x')])
      expect(await refusal(attempt)).toMatch(/hard links/)
    expect(await refusal(workspace.append('hard.txt', 'x'))).toMatch(/hard links/)
    expect(readFileSync(join(outside, 'canary.txt'), 'utf8')).toBe(SECRET)
  })

  test('refuses a FIFO at once instead of waiting for its other end', async () => {
    const { workspace, root } = await opened(addressing)
    execFileSync('mkfifo', [join(root, 'pipe')])
    expect(await refusal(workspace.read('pipe'))).toMatch(/regular file/)
    expect(await refusal(workspace.write('pipe', 'x'))).toMatch(/regular file/)
    expect(await refusal(workspace.append('pipe', 'x'))).toMatch(/regular file/)
  })

  test('says when a folder is taken for a file and a file for a folder', async () => {
    const { workspace } = await opened(addressing)
    await workspace.write('dir/file', 'x')
    expect(await refusal(workspace.read('dir'))).toMatch(/folder/)
    expect(await refusal(workspace.write('dir', 'x'))).toMatch(/folder/)
    expect(await refusal(workspace.write('dir/file/x', 'x'))).toMatch(/not a folder/)
    expect(await refusal(workspace.page('dir/file', PAGE))).toMatch(/not a folder/)
  })

  test('reads up to 1 MiB and writes up to 5 MiB', async () => {
    const { workspace, root } = await opened(addressing)
    await workspace.write('fits', 'x'.repeat(MAX_READ_BYTES))
    expect(await workspace.read('fits')).toHaveLength(MAX_READ_BYTES)
    await workspace.write('large', 'x'.repeat(MAX_WRITE_BYTES))
    expect(await refusal(workspace.read('large'))).toMatch(/at most 1048576 are read/)
    expect(await refusal(workspace.append('large', 'x'))).toMatch(/at most 5242880 are written/)
    expect(await refusal(workspace.write('larger', 'x'.repeat(MAX_WRITE_BYTES + 1)))).toMatch(/at most/)
    expect(existsSync(join(root, 'larger'))).toBe(false)
  })

  test.each([
    ['all of a file that is short enough', 'one\ntwo\n', 8, { text: 'one\ntwo\n', leftOut: 0 }],
    ['the last whole lines of a longer one', 'one\ntwo\nthree\n', 9, { text: 'three\n', leftOut: 8 }],
    ['its torn last line', 'one\ntwo\nthr', 5, { text: 'thr', leftOut: 8 }],
    ['the end of a line that is longer itself', 'one\ntwothree', 5, { text: 'three', leftOut: 7 }],
    ['nothing of an empty one', '', 5, { text: '', leftOut: 0 }],
  ])('readEnd gives %s', async (_what, content, maxBytes, end) => {
    const { workspace } = await opened(addressing)
    await workspace.write('log', content)
    expect(await workspace.readEnd('log', maxBytes)).toEqual(end)
  })

  test('readEnd finds no file, and refuses what is none', async () => {
    const { workspace } = await opened(addressing)
    expect(await workspace.readEnd('missing', 10)).toBeNull()
    expect(await refusal(workspace.readEnd('../log', 10))).toMatch(/\S/)
    await workspace.write('dir/file', 'x')
    expect(await refusal(workspace.readEnd('dir', 10))).toMatch(/folder/)
  })

  test('is empty when only .neam and the excepted files are there', async () => {
    const { workspace, root } = await opened(addressing)
    expect(await workspace.isEmpty([])).toBe(true)
    mkdirSync(join(root, '.neam/sessions'), { recursive: true })
    await workspace.write('docs/plan.md', '- one')
    expect(await workspace.isEmpty(['./docs/plan.md', 'prompt.md'])).toBe(true)
    expect(await workspace.isEmpty([])).toBe(false)
    await workspace.write('docs/notes.md', 'mine')
    expect(await workspace.isEmpty(['docs/plan.md'])).toBe(false)
  })

  test('no path whatever reads or changes anything outside', async () => {
    const { workspace, root, outside } = await opened(addressing)
    symlinkSync(outside, join(root, 'out'))
    symlinkSync('..', join(root, 'up'))
    linkSync(join(outside, 'canary.txt'), join(root, 'hard'))
    const piece = fc.constantFrom(
      ...['..', '.', '', '/', 'out', 'up', 'hard', 'ws-outside', 'canary.txt', '.git', '.neam', 'a', 'b'],
      ...['\0', '~', '\\', '%2e%2e', '..\\..', '…', '\ud800', 'proc', 'self', 'root', ' ', '.. '],
    )
    const path = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('/'))
    const use: readonly ((workspace: Workspace, path: string) => Promise<unknown>)[] = [
      (ws, p) => ws.read(p),
      (ws, p) => ws.write(p, 'written'),
      (ws, p) => ws.append(p, 'appended'),
      (ws, p) => ws.page(p, PAGE),
    ]
    await fc.assert(
      fc.asyncProperty(path, fc.constantFrom(...use), async (where, action) => {
        await action(workspace, where).then(
          (result) => expect(JSON.stringify(result) ?? '').not.toContain(SECRET),
          (error: unknown) => expect(error).toBeInstanceOf(Fault),
        )
        expect(readdirSync(outside)).toEqual(['canary.txt'])
        expect(readFileSync(join(outside, 'canary.txt'), 'utf8')).toBe(SECRET)
        expect(readdirSync(join(root, '..')).sort()).toEqual(['ws', 'ws-outside'])
      }),
      { numRuns: 400 },
    )
  })
})

const onLinux = ADDRESSING === 'descriptor' ? test : test.skip

onLinux('a folder swapped for a link between two components never leads outside', async () => {
  const { workspace, root, outside } = await opened('descriptor')
  mkdirSync(join(root, 'real'))
  writeFileSync(join(root, 'real/canary.txt'), 'inside')
  symlinkSync(outside, join(root, 'evil'))
  for (let round = 0; round < 150; round++) {
    const read = workspace.read('real/canary.txt').catch((error: unknown) => error)
    const write = workspace.write('real/new.txt', 'x').catch((error: unknown) => error)
    renameSync(join(root, 'real'), join(root, 'parked'))
    renameSync(join(root, 'evil'), join(root, 'real'))
    await Promise.race([read, write])
    renameSync(join(root, 'real'), join(root, 'evil'))
    renameSync(join(root, 'parked'), join(root, 'real'))
    expect(await read).not.toBe(SECRET)
    await write
  }
  expect(readdirSync(outside)).toEqual(['canary.txt'])
})

test('a refusal names the path and the problem', async () => {
  const { workspace } = await opened(ADDRESSING)
  expect(faultText(await faultOf(workspace.read('/etc/passwd')))).toBe(
    'path "/etc/passwd" is refused: it is absolute; paths are relative to the workspace',
  )
})

test('a workspace that vanished is a storage fault for writers', async () => {
  const { workspace, root } = await opened(ADDRESSING)
  rmSync(root, { recursive: true })
  expect((await faultOf(workspace.write('a', 'x'))).code).toBe('storage_unavailable')
})

describe('the place of a declared workspace', () => {
  const local = treeWorkspaces({ workspaceDir: null, cwd: '/project' })
  const served = treeWorkspaces({ workspaceDir: 'data/ws', cwd: '/project' })

  test('is relative to the current folder', () => {
    expect(local.resolve('Bot', './support_data')).toBe('/project/support_data')
    expect(local.resolve('Bot', '.')).toBe('/project')
  })

  test('is relative to NEAM_WORKSPACE_DIR where that is set', () => {
    expect(served.resolve('Bot', './support_data')).toBe('/project/data/ws/support_data')
  })

  test('is a folder of the agent for "." under NEAM_WORKSPACE_DIR', () => {
    expect(served.resolve('Builder', '.')).toBe('/project/data/ws/Builder')
    expect(served.resolve('Builder', './')).toBe('/project/data/ws/Builder')
  })

  test('is used as it is when absolute', () => {
    expect(served.resolve('Bot', '/srv/bot/')).toBe('/srv/bot/')
  })
})
