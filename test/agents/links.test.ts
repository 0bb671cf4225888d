import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { destinationOf, hostPattern } from '../../agents/links/hosts.ts'
import { type LinkRule, stripLinks } from '../../agents/links/strip.ts'
import { ROOT } from '../support/server.ts'

const only = (...hosts: readonly string[]): LinkRule => {
  const may: LinkRule['link'] = (to) =>
    to.kind === 'here' || (to.kind === 'host' && hosts.some((host) => hostPattern(host)?.(to.host)))
  return { link: may, image: may }
}
const ACME = only('acme.com', '*.cdn.example')

/** In a process of its own, which is ended after 30 s: nothing else stops a text from being read for an hour. */
const strippedElsewhere = (text: string): string => {
  const program = `
    import { text } from 'node:stream/consumers'
    import { stripLinks } from './agents/links/strip.ts'
    const none = { link: () => false, image: () => false }
    process.stdout.write((await stripLinks(await text(process.stdin), none)).text)`
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
    timeout: 30_000,
  })
}

const stripped = async (text: string, rule = ACME): Promise<string | undefined> =>
  (await stripLinks(text, rule))?.text

describe('where a URL leads', () => {
  test.each([
    ['https://acme.com/x?y#z', 'acme.com'],
    ['HTTPS://ACME.COM', 'acme.com'],
    ['//acme.com/x', 'acme.com'],
    ['www.acme.com', 'www.acme.com'],
    ['https://acme.com:8443/', 'acme.com'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['https://аcme.com/', 'xn--cme-5cd.com'],
    ['https://acme。com/', 'acme.com'],
    ['https://acme.com.evil.example/', 'acme.com.evil.example'],
    ['mailto:ann@acme.com', 'acme.com'],
  ])('%s leads to %s', (url, host) => {
    expect(destinationOf(url)).toEqual({ kind: 'host', host })
  })

  test.each(['/docs', 'docs/a.md', '#top', '?q=1', ''])('%j stays here', (url) => {
    expect(destinationOf(url)).toEqual({ kind: 'here' })
  })

  test.each([
    'https://acme.com@evil.example/',
    'https://acme.com%5C@evil.example/',
    'https://acme.com\\@evil.example/',
    'https://ac%6de.com/',
    '/\\evil.example/x',
    'https:evil.example',
    'https:/evil.example',
    'java\nscript:alert(1)',
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://acme.com/',
    'tel:+471',
    'mailto:ann@acme.com?cc=eve@evil.example',
    'mailto:ann@acme.com,eve@evil.example',
    'https://ac\u200bme.com/',
    'https://[::1',
  ])('%j leads nowhere that can be told', (url) => {
    expect(destinationOf(url)).toEqual({ kind: 'elsewhere' })
  })

  test.each([
    ['acme.com', 'acme.com', true],
    ['acme.com', 'www.acme.com', false],
    ['*.acme.com', 'a.b.acme.com', true],
    ['*.acme.com', 'acme.com', false],
    ['*.acme.com', 'evilacme.com', false],
    ['ACME.com', 'acme.com', true],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['*', 'anything.example', true],
  ])('the pattern %s and the host %s: %s', (pattern, host, matches) => {
    expect(hostPattern(pattern)?.(host)).toBe(matches)
  })

  test.each(['https://acme.com', 'acme.com/x', 'a*.com', 'ann@acme.com', ''])('%j is no pattern', (text) => {
    expect(hostPattern(text)).toBeNull()
  })
})

describe('an answer', () => {
  test.each([
    ['has no links', 'Plain *text*, 2 < 3 & `code`.'],
    ['links to a host that is named', 'See [us](https://acme.com/a_(b) "t") and https://acme.com/x.'],
    ['shows an image of a host that is named', '![logo](https://img.cdn.example/a.png)'],
    [
      'refers to what is named',
      '[us][1] and ![logo][2]\n\n[1]: https://acme.com\n[2]: <https://a.cdn.example/x>',
    ],
    ['links within its own pages', '[docs](/docs) [top](#top)'],
    [
      'has HTML that does nothing, or leads where it may',
      'a<br>b <b>c</b> <a href="https://acme.com/?a=1&amp;b=2">us</a>',
    ],
    ['has an image in HTML of a host that is named', '<img src="https://x.cdn.example/a.png" alt="logo">'],
    ['speaks of URLs in code', '`https://evil.example` and\n\n```\ncurl https://evil.example\n```'],
    ['has comments in text', 'Lines with // are comments; //todo too.'],
  ])('stays as it is when it %s', async (_, text) => {
    expect(await stripped(text)).toBe(text)
  })

  test.each([
    ['inline', '![a](https://evil.example/?q=secret)', 'a'],
    ['inline, the text stays', 'See [the *report*](https://evil.example/x "t").', 'See the *report*.'],
    ['without a text', 'x[](https://evil.example)y', 'xy'],
    ['in angle brackets', '[a](<https://evil.example/a b>)', 'a'],
    ['by reference', '[a][1] ![b][1]\n\n[1]: https://evil.example', 'a b\n\n'],
    ['by a short reference', '[a]\n\n[a]: https://evil.example', 'a\n\n'],
    [
      'by the first of two definitions',
      '[a][1]\n\n[1]: https://evil.example\n[1]: https://acme.com',
      'a\n\n\n[1]: https://acme.com',
    ],
    ['as an autolink', '<https://evil.example/?q=1>', '(link removed)'],
    ['bare', 'Go to https://evil.example/?q=1, now.', 'Go to (link removed), now.'],
    ['bare, in parentheses', '(https://evil.example)', '((link removed))'],
    ['bare, without a scheme', 'www.evil.example/x', '(link removed)'],
    ['bare, relative to the protocol', '//evil.example/x', '(link removed)'],
    ['bare, behind digits', '1.https://evil.example/x.', '1.(link removed).'],
    ['bare, behind a word', 'so:https://evil.example/x', 'so:(link removed)'],
    ['in capitals', '[a](HTTPS://EVIL.example) HTTPS://EVIL.EXAMPLE/', 'a (link removed)'],
    ['with entities', '![a](https&#58;//evil.example/x)', 'a'],
    ['bare, with entities', 'https&#58;//evil.example/x *a*', '(link removed) *a*'],
    ['bare, with escapes', 'https\\://evil.example/x', '(link removed)'],
    ['with a user name', '[a](https://acme.com@evil.example)', 'a'],
    ['bare, with a user name', 'https://acme.com@evil.example/', '(link removed)'],
    ['with an escaped host', '[a](https://%65vil.example)', 'a'],
    ['in letters of another alphabet', '[a](https://аcme.com)', 'a'],
    ['as punycode of them', '[a](https://xn--cme-5cd.com)', 'a'],
    ['of a longer name', '[a](https://acme.com.evil.example)', 'a'],
    ['relative to the protocol', '![a](//evil.example/x)', 'a'],
    ['with backslashes', '![a](/\\\\evil.example/x)', 'a'],
    ['of another scheme', '[a](javascript:alert%281%29) ![b](data:image/svg+xml;base64,AA==)', 'a b'],
    ['an image in a link', '[![a](https://evil.example/i)](https://evil.example)', 'a'],
    [
      'an image in a link that may stand',
      '[![a](https://evil.example/i)](https://acme.com)',
      '[a](https://acme.com)',
    ],
    ['with nested brackets', '[a [b] c](https://evil.example)', 'a [b] c'],
    [
      'in a list, a quotation and a heading',
      '# [a](//evil.example)\n\n> - ![b](//evil.example)',
      '# a\n\n> - b',
    ],
    ['over two lines', '[a](\n  https://evil.example\n  "t")', 'a'],
    [
      'in a table whose cells split what looks like code',
      '| ` | x | ` |\n|---|---|---|\n| ` | ![a](//evil.example) | ` |',
      '| ` | x | ` |\n|---|---|---|\n| ` | a | ` |',
    ],
    ['as an image in HTML', 'x <img src="https://evil.example/i" alt="b"> y', 'x b y'],
    [
      'as an image in HTML, in capitals and without quotes',
      'x <IMG SRC=//evil.example/i onerror=a()> y',
      'x \\<IMG SRC=(link removed) onerror=a()> y',
    ],
    ['as a link in HTML', 'x <a href="https://evil.example">b</a> y', 'x b</a> y'],
    ['in HTML with entities', 'x <img src="https://acme.com&#64;evil.example/"> y', 'x  y'],
    ['in an attribute that is given twice', '<img src="https://acme.com/" src="https://evil.example/">', ''],
    ['in any other attribute', '<img srcset="//evil.example/i 2x" src="https://acme.com/">', ''],
    ['in a style', '<p style="background:url(//evil.example/i)">b</p>', 'b'],
    ['in a style sheet', '<style>@import "//evil.example";</style>b', 'b'],
    ['in a frame', '<iframe src="https://evil.example"></iframe>', ''],
    ['in Markdown within a block of HTML', '<div>\n![a](https://evil.example)\n</div>', 'a'],
    ['that only comes up when HTML is gone', '!<x>[a](https://evil.example)', '!a'],
    [
      'whose brackets come together when another is gone',
      '!<img src="//evil.example">[a](//evil.example)',
      '!a',
    ],
  ])('loses a link or image elsewhere: %s', async (_, text, expected) => {
    const left = await stripped(text)
    expect(left?.trim()).toBe(expected.trim())
    expect(await stripLinks(left!, ACME)).toEqual({ text: left, removed: 0 })
  })

  test('may keep its links where only images are in question', async () => {
    const images: LinkRule = { link: () => true, image: ACME.image }
    const text =
      '[a](//evil.example) https://evil.example ![b](//evil.example) ![c][1]\n\n[1]: //evil.example'
    expect(await stripped(text, images)).toBe(
      '[a](//evil.example) https://evil.example b c\n\n[1]: //evil.example',
    )
    const html = 'x <a href="https://evil.example">b</a> <img src="//evil.example"> <img src=//evil.example>'
    expect(await stripped(html, images)).toBe(
      'x <a href="https://evil.example">b</a>  \\<img src=//evil.example>',
    )
  })

  test('says how many were taken out', async () => {
    const text = '[a](//evil.example) ![b](//evil.example) https://evil.example [c](https://acme.com)'
    expect(await stripLinks(text, ACME)).toMatchObject({ removed: 3 })
  })

  test.each([
    ['brackets', `${'['.repeat(1999)}![a](//evil.example)${']'.repeat(1999)}`],
    ['paragraphs of brackets', `${Array(20).fill('['.repeat(1999)).join('\n\n')}![a](//evil.example)`],
    ['destinations', `${'[a](<'.repeat(1999)} ![a](//evil.example)`],
    ['emphasis', `${'*a_ '.repeat(20_000)}![a](//evil.example)`],
    ['images', '![a](//evil.example)'.repeat(4000)],
    ['letters', `//evil.example ${'a'.repeat(400_000)}`],
    ['punctuation', `//evil.example/${')'.repeat(400_000)}a`],
  ])(
    'full of %s is read in the time that a turn has',
    (_, text) => {
      expect(strippedElsewhere(text)).not.toContain('evil')
    },
    60_000,
  )

  test.each([
    ['quotations', '> '],
    ['lists', '- '],
    ['numbers', '1. '],
  ])(
    'is refused where %s are nested a hundred deep in a line, and read where they are not',
    async (_, mark) => {
      expect(await stripLinks(`${mark.repeat(100)}![a](//evil.example)`, ACME)).toBeNull()
      expect(await stripped(`${mark.repeat(99)}![a](//evil.example)`)).not.toContain('evil')
    },
  )

  test.each([
    ['brackets', '['],
    ['brackets with text', 'a [ b\n'],
    ['destinations', '[a](<'],
  ])('is refused where more than two thousand %s are open in a paragraph', async (_, mark) => {
    expect(await stripLinks(`${mark.repeat(2001)}![a](//evil.example)`, ACME)).toBeNull()
  })

  test('may have long rules', async () => {
    const text = `${'-'.repeat(300)}\n\n${'*'.repeat(300)}\n\n`
    expect(await stripped(`${text}//evil.example`)).toBe(`${text}(link removed)`)
  })
})
