import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { format } from '../../compiler/format/format.ts'
import { Program } from '../../vm/program.ts'
import { RecordingHost } from '../support/recording-host.ts'
import { ROOT } from '../support/server.ts'
import { moduleOf } from '../support/system.ts'

const page = readFileSync(join(ROOT, 'docs/language.md'), 'utf8')
/** Each example under the heading above it. */
const examples: { readonly heading: string; readonly text: string }[] = []
let heading = ''
for (const [, title, text] of page.matchAll(/^#+ (.*)$|```neam\n([\s\S]*?)```/gm)) {
  if (title !== undefined) heading = title
  else examples.push({ heading, text: text! })
}

describe('the examples of docs/language.md', () => {
  test.each(examples)('$heading', async ({ text }) => {
    const host = new RecordingHost()
    await Program.link(moduleOf(text)).activate(host).runMain()
    const says = [...text.matchAll(/\/\/ expect: (.*)$/gm)].map(([, line]) => line)
    expect(host.lines).toEqual(says)
    expect(says.length).toBeGreaterThan(0)
    expect(format(text)).toBe(text)
  })
})
