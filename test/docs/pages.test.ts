import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { FAULT_STATUS } from '../../lambda/middleware/fault-status.ts'
import { REFUSAL_CODES } from '../../lambda/refusal.ts'
import { ROUTES } from '../../lambda/routes.ts'
import { page } from '../support/docs.ts'
import { ROOT } from '../support/server.ts'

const README = page('README.md')

test('the README has a line in its table for every page of docs', () => {
  const missing = readdirSync(join(ROOT, 'docs')).filter(
    (name) => !README.includes(`| [${name}](docs/${name}) |`),
  )
  expect(missing).toEqual([])
})

test('the README links only to what exists', () => {
  const links = [...README.matchAll(/\]\(((?!https?:)[^)#]+)/g)].map(([, path]) => path!)
  expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test('the README says what is needed before it goes into details', () => {
  const [first] = README.split('\n## ')
  for (const word of [
    'npm ci && npm start',
    'curl -s',
    'cdk deploy',
    '**Costs**',
    'guaranteed',
    'how that is tested',
    'Not there',
  ])
    expect(first).toContain(word)
})

test.each(readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')))(
  'docs/%s links only to what exists',
  (name) => {
    const links = [...page(`docs/${name}`).matchAll(/\]\(((?!https?:)[^)#]+)/g)].map(([, path]) => path!)
    expect(links.filter((path) => !existsSync(join(ROOT, 'docs', path)))).toEqual([])
  },
)

test('docs/http-api.md has a row for every route', () => {
  const told = [...page('docs/http-api.md').matchAll(/^\| `([A-Z]+ \/\S*)` \|/gm)].map(([, route]) => route)
  const routes = ROUTES.filter(({ method }) => method !== 'HEAD' && method !== 'ANY')
  expect(told.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted())
})

test('docs/error-codes.md has a row for every code, with the status of its answer', () => {
  const rows = [...page('docs/error-codes.md').matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| \S/gm)]
  const told = rows.map(([, code, status]) => [code!, Number(status)] as const)
  expect(told.map(([code]) => code).toSorted()).toEqual(
    [...Object.keys(FAULT_STATUS), ...REFUSAL_CODES].toSorted(),
  )
  expect(Object.fromEntries(told)).toMatchObject(FAULT_STATUS)
})

test('docs/http-api.md has the admin routes under their heading', () => {
  const [, admin] = page('docs/http-api.md').split('## Admin routes')
  for (const { credential, method, path } of ROUTES) {
    const row = `| \`${method} ${path}\` |`
    if (method !== 'HEAD') expect([row, admin!.includes(row)]).toEqual([row, credential === 'admin'])
  }
})

test('the changelog says nothing twice: it merges by union, which can bring back what was moved', () => {
  const entries = page('CHANGELOG.md').match(/^- .*/gm)!
  expect(entries.filter((entry, index) => entries.indexOf(entry) !== index)).toEqual([])
})
