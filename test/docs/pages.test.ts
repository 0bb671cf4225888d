import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
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

test('the README names every choice of a deployment', () => {
  const { context } = JSON.parse(page('cdk.json')) as { context: Record<string, unknown> }
  const choices = Object.keys(context).filter((name) => !name.startsWith('@'))
  const named = (name: string) => README.includes(`\`${name}\``) || README.includes(`-c ${name}=`)
  expect(choices.filter((name) => !named(name))).toEqual([])
})
