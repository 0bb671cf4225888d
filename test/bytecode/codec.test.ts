import { describe, expect, test } from '@jest/globals'
import { decode, encode, FORMAT_VERSION } from '../../bytecode/codec.ts'
import { crc32 } from '../../bytecode/crc32.ts'
import { ModuleError } from '../../bytecode/module-error.ts'
import { SAMPLE } from './sample-module.ts'

const BYTES = encode(SAMPLE)

/** What `decode` refuses the bytes with. */
function refusal(bytes: Uint8Array): ModuleError {
  try {
    decode(bytes)
  } catch (error) {
    if (error instanceof ModuleError) return error
    throw error
  }
  throw new Error('the bytes were accepted')
}

const changed = (change: (bytes: Uint8Array, view: DataView) => void): Uint8Array => {
  const bytes = BYTES.slice()
  change(bytes, new DataView(bytes.buffer))
  return bytes
}

/** The bytes with another body, its length and checksum set right: damage that only reading finds. */
function withBody(change: (body: Uint8Array, view: DataView) => Uint8Array | undefined): Uint8Array {
  const own = BYTES.slice(13)
  const body = change(own, new DataView(own.buffer)) ?? own
  const bytes = new Uint8Array(13 + body.length)
  bytes.set(BYTES.subarray(0, 13))
  bytes.set(body, 13)
  const view = new DataView(bytes.buffer)
  view.setUint32(5, body.length, true)
  view.setUint32(9, crc32(body), true)
  return bytes
}

const MANIFEST_TEXT_AT = 1 + 4 + 4
const withManifest = (change: (text: string) => string): Uint8Array =>
  withBody((body, view) => {
    const length = view.getUint32(5, true)
    const text = new TextDecoder().decode(body.subarray(MANIFEST_TEXT_AT, MANIFEST_TEXT_AT + length))
    const manifest = new TextEncoder().encode(change(text))
    const rest = body.subarray(5 + view.getUint32(1, true))
    const out = new Uint8Array(MANIFEST_TEXT_AT + manifest.length + rest.length)
    const outView = new DataView(out.buffer)
    out[0] = 1
    outView.setUint32(1, manifest.length + 4, true)
    outView.setUint32(5, manifest.length, true)
    out.set(manifest, MANIFEST_TEXT_AT)
    out.set(rest, MANIFEST_TEXT_AT + manifest.length)
    return out
  })

describe('a module survives its file', () => {
  test('every part of it comes back', () => {
    expect(decode(BYTES)).toEqual(SAMPLE)
  })

  test('the same module gives the same bytes', () => {
    expect(encode(decode(BYTES))).toEqual(BYTES)
  })

  test('negative zero stays negative', () => {
    expect(Object.is(decode(BYTES).constants[1], -0)).toBe(true)
  })

  test('bytes inside a larger buffer are read from their own start', () => {
    const padded = new Uint8Array(BYTES.length + 10)
    padded.set(BYTES, 5)
    expect(decode(padded.subarray(5, 5 + BYTES.length))).toEqual(SAMPLE)
  })
})

describe('a file that is no module of ours is refused', () => {
  test('another magic', () => {
    expect(refusal(new TextEncoder().encode('PK\u0003\u0004 something else'))).toMatchObject({
      code: 'bad_magic',
      message: 'this is not Neam bytecode: it does not begin with "NEAM"',
      offset: 0,
    })
  })

  test('the reference compiler\u2019s version 2', () => {
    const error = refusal(changed((bytes) => bytes.fill(2, 4, 5)))
    expect(error.code).toBe('bad_version')
    expect(error.message).toContain('format version 2; this program reads')
    expect(error.data).toEqual({ version: 2, supported: FORMAT_VERSION })
  })

  test('an empty file', () => {
    expect(refusal(new Uint8Array())).toMatchObject({ code: 'truncated' })
  })

  test('every truncation, and each says so', () => {
    const codes = new Set<string>()
    for (let length = 0; length < BYTES.length; length++) codes.add(refusal(BYTES.subarray(0, length)).code)
    expect([...codes]).toEqual(['truncated'])
  })

  test('bytes behind the end', () => {
    const longer = new Uint8Array(BYTES.length + 3)
    longer.set(BYTES)
    expect(refusal(longer)).toMatchObject({
      code: 'trailing_bytes',
      message: '3 bytes follow the end of the bytecode',
      offset: BYTES.length,
    })
  })

  test('any single flipped bit of the body', () => {
    const codes = new Set<string>()
    for (let at = 13; at < BYTES.length; at += 7) {
      codes.add(refusal(changed((bytes) => bytes.fill(bytes[at]! ^ (1 << (at % 8)), at, at + 1))).code)
    }
    expect([...codes]).toEqual(['damaged'])
  })
})

describe('a body with a right checksum and wrong content is refused', () => {
  test('any byte set to 255 gives a module or a ModuleError, never another error', () => {
    for (let at = 0; at < BYTES.length - 13; at++) {
      const bytes = withBody((body) => {
        body[at] = 0xff
        return undefined
      })
      try {
        decode(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(ModuleError)
      }
    }
  })

  test('every shortened body', () => {
    for (let length = 0; length < BYTES.length - 13; length++) {
      expect(refusal(withBody((body) => body.slice(0, length)))).toBeInstanceOf(ModuleError)
    }
  })

  test('a count that no file could hold allocates nothing', () => {
    // The last section: tag, length, then the number of initialisers.
    const error = refusal(
      withBody((body, view) => {
        const section = body.length - (4 + 4 + 4 + 'count'.length + 4 + 'LIMIT'.length + 4)
        view.setUint32(section, 0xffffffff, true)
        return undefined
      }),
    )
    expect(error).toMatchObject({ code: 'truncated', message: expect.stringContaining('initialisers') })
  })

  test('sections in another order', () => {
    const error = refusal(withBody((body) => body.fill(2, 0, 1)))
    expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining('section manifest') })
  })

  test.each<[string, string, string]>([
    ['"model":"gpt-4o-mini"', '"model":7', 'manifest.agents[0].model is no text'],
    ['"verify":1', '"verify":-1', 'manifest.agents[1].verify is no index'],
    ['"kind":"claw"', '"kind":"king"', 'manifest.agents[0].kind is unknown'],
    ['"sensitive":true', '"sensitive":true,"extra":1', 'manifest.skills[0].extra is unknown'],
    [
      '"reset":"daily"',
      '"reset":"soon"',
      'manifest.budgets[0].reset is no hourly|daily|weekly|monthly|never',
    ],
    ['"guards":["polite"]', '"guards":{}', 'manifest.guardchains[0].guards is no list'],
    ['"session":{', '"session":null,"x":{', 'manifest.agents[0].x is unknown'],
    ['{"program"', '{"program"}', 'the manifest is not JSON'],
  ])('manifest %s made %s', (from, to, problem) => {
    const error = refusal(withManifest((text) => text.replace(from, to)))
    expect(error).toMatchObject({ code: 'malformed', data: { problem } })
  })
})

test('crc32 gives the published check value', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
})
