import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { NATIVES_PAGE, nativesPage } from '../../scripts/natives-page.ts'
import { METHODS, NATIVES } from '../../vm/natives/table.ts'

test('docs/natives.md is what the tables say; `npm run build:natives` writes it', () => {
  expect(readFileSync(NATIVES_PAGE, 'utf8')).toBe(nativesPage())
})

test('it has a row for every native and every method', () => {
  const rows = nativesPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const count = [...METHODS.values()].reduce((sum, table) => sum + table.size, NATIVES.size)
  expect(rows).toHaveLength(count)
})
