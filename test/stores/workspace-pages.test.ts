import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import { treeWorkspaces } from '../../stores/tree/workspaces.ts'
import { faultOf } from '../support/faults.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const nameOf = (n: number) => `file-${String(n).padStart(5, '0')}.txt`

test('a folder of 20,050 files is listed in pages, each name once and in order; all at once is refused', async () => {
  const root = temporaryDirectory({ inMemory: true })
  const names = Array.from({ length: 20_050 }, (_, n) => nameOf(n))
  for (const name of names.toReversed()) writeFileSync(join(root, name), '')
  const workspace = await treeWorkspaces({ workspaceDir: null, cwd: root }).open(root)

  const first = await workspace.page('', { after: null, limit: 10_000 })
  expect(first).toEqual({ names: names.slice(0, 10_000), next: nameOf(9_999) })
  const second = await workspace.page('', { after: nameOf(9_999), limit: 10_000 })
  expect(second).toEqual({ names: names.slice(10_000, 20_000), next: nameOf(19_999) })
  expect(await workspace.page('', { after: nameOf(19_999), limit: 10_000 })).toEqual({
    names: names.slice(20_000),
    next: null,
  })
  expect(await workspace.page('', { after: nameOf(20_049), limit: 10 })).toEqual({ names: [], next: null })
  expect(await workspace.page('none', { after: null, limit: 10 })).toBe(null)

  expect(faultText(await faultOf(workspace.walk('')))).toBe(
    'path "" is refused: it has more than 10000 files',
  )
})
