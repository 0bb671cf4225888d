/**
 * A Module as `.neamb` bytes and back.
 *
 * Header, 13 bytes: magic `NEAM`, a version byte, then as 32-bit numbers the length and the CRC-32 of the body.
 * Body: the sections below in order, each a tag byte, a 32-bit length and its content. All numbers are little-endian.
 */
import { ByteReader, ByteWriter } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { manifestOf } from './manifest-shape.ts'
import type { Module } from './module.ts'
import { ModuleError } from './module-error.ts'
import {
  readFunction,
  readGlobal,
  readImpl,
  readLiteral,
  readType,
  writeFunction,
  writeGlobal,
  writeImpl,
  writeLiteral,
  writeType,
} from './records.ts'

const MAGIC = 'NEAM'
/** Ours start at 0x81: 1 and 2 belong to the reference compiler's files. A change of the format or the opcodes counts up. */
export const FORMAT_VERSION = 0x81
const HEADER_LENGTH = 13
/** Far above any real program: a bigger file is refused before anything of it is read. */
const MAX_BYTES = 64 * 1024 * 1024

interface Section<T> {
  readonly name: string
  readonly write: (writer: ByteWriter, value: T) => void
  readonly read: (reader: ByteReader) => T
}

const section = <T>(
  name: string,
  write: (writer: ByteWriter, value: T) => void,
  read: (reader: ByteReader) => T,
): Section<T> => ({ name, write, read })

const TEXTS = (what: string): Section<readonly string[]> =>
  section(
    what,
    (writer, texts) => writer.list(texts, (text) => writer.text(text)),
    (reader) => reader.list(what, () => reader.text(what)),
  )

type Sections = { readonly [K in keyof Module]: Section<Module[K]> }

/** The tag of a section is its place in this list, from 1. */
const SECTIONS: Sections = {
  manifest: section('manifest', (writer, value) => writer.text(JSON.stringify(value)), readManifest),
  files: TEXTS('files'),
  constants: section<Module['constants']>(
    'constants',
    (writer, constants) => writer.list(constants, (constant) => writeLiteral(writer, constant)),
    (reader) =>
      reader.list('constants', () => {
        const value = readLiteral(reader)
        if (typeof value !== 'number' && typeof value !== 'string')
          throw reader.malformed('a constant is neither number nor string')
        return value
      }),
  ),
  globals: section<Module['globals']>(
    'globals',
    (writer, globals) => writer.list(globals, (global) => writeGlobal(writer, global)),
    (reader) => reader.list('globals', () => readGlobal(reader)),
  ),
  natives: TEXTS('natives'),
  types: section<Module['types']>(
    'types',
    (writer, types) => writer.list(types, (type) => writeType(writer, type)),
    (reader) => reader.list('types', () => readType(reader)),
  ),
  impls: section<Module['impls']>(
    'impls',
    (writer, impls) => writer.list(impls, (impl) => writeImpl(writer, impl)),
    (reader) => reader.list('impls', () => readImpl(reader)),
  ),
  functions: section<Module['functions']>(
    'functions',
    (writer, functions) => writer.list(functions, (proto) => writeFunction(writer, proto)),
    (reader) => reader.list('functions', () => readFunction(reader)),
  ),
  main: section<number>(
    'main',
    (writer, main) => writer.u32(main),
    (reader) => reader.u32('main'),
  ),
  initialisers: section<Module['initialisers']>(
    'initialisers',
    (writer, initialisers) =>
      writer.list(initialisers, (one) => {
        writer.list(one.names, (name) => writer.text(name))
        writer.u32(one.function)
      }),
    (reader) =>
      reader.list('initialisers', () => ({
        names: reader.list('names', () => reader.text('a name')),
        function: reader.u32('an initialiser'),
      })),
  ),
}

const ORDER = Object.keys(SECTIONS) as (keyof Module)[]

export function encode(module: Module): Uint8Array {
  const body = new ByteWriter()
  ORDER.forEach((key, index) => {
    const content = new ByteWriter()
    writeSection(content, key, module)
    const bytes = content.done()
    body.u8(index + 1)
    body.u32(bytes.length)
    body.raw(bytes)
  })
  const bytes = body.done()
  const file = new ByteWriter()
  file.raw(new TextEncoder().encode(MAGIC))
  file.u8(FORMAT_VERSION)
  file.u32(bytes.length)
  file.u32(crc32(bytes))
  file.raw(bytes)
  return file.done()
}

function writeSection<K extends keyof Module>(writer: ByteWriter, key: K, module: Module): void {
  const { write } = SECTIONS[key]
  write(writer, module[key])
}

/**
 * The module in the bytes: well-formed, but not yet verified; `Program.link` does that.
 * @throws ModuleError `bad_magic`, `bad_version`, `truncated`, `trailing_bytes`, `damaged`, `malformed` or `too_large`.
 */
export function decode(bytes: Uint8Array): Module {
  const body = readHeader(bytes)
  const read = <K extends keyof Module>(key: K): Module[K] => {
    const { name, read: readContent } = SECTIONS[key]
    const tag = body.u8(`the tag of section ${name}`)
    if (tag !== ORDER.indexOf(key) + 1) throw body.malformed(`section ${name} is expected, found tag ${tag}`)
    const length = body.u32(`the length of section ${name}`)
    const start = body.offset
    body.raw(length, `section ${name}`)
    const content = new ByteReader(bytes, start, start + length)
    const value = readContent(content)
    if (content.remaining > 0) throw content.malformed(`section ${name} is longer than its content`)
    return value
  }
  const module: Module = {
    manifest: read('manifest'),
    files: read('files'),
    constants: read('constants'),
    globals: read('globals'),
    natives: read('natives'),
    types: read('types'),
    impls: read('impls'),
    functions: read('functions'),
    main: read('main'),
    initialisers: read('initialisers'),
  }
  if (body.remaining > 0) throw body.malformed('there is more after the last section')
  return module
}

function readHeader(bytes: Uint8Array): ByteReader {
  if (bytes.length > MAX_BYTES) {
    const data = { bytes: bytes.length, limit: MAX_BYTES }
    throw new ModuleError(
      'too_large',
      `the bytecode has ${bytes.length} bytes; the limit is ${MAX_BYTES}`,
      data,
    )
  }
  const header = new ByteReader(bytes)
  for (const letter of MAGIC) {
    if (header.remaining > 0 && header.u8('the magic') !== letter.charCodeAt(0))
      throw new ModuleError('bad_magic', 'this is not Neam bytecode: it does not begin with "NEAM"', {}, 0)
  }
  const version = header.u8('the version')
  if (version !== FORMAT_VERSION) {
    throw new ModuleError(
      'bad_version',
      `the bytecode has format version ${version}; this program reads ${FORMAT_VERSION}: compile the source again`,
      { version, supported: FORMAT_VERSION },
      MAGIC.length,
    )
  }
  const length = header.u32('the header')
  const checksum = header.u32('the header')
  if (length > header.remaining) header.raw(length, 'its sections')
  if (length < header.remaining) {
    const data = { bytes: header.remaining - length }
    const problem = `${data.bytes} bytes follow the end of the bytecode`
    throw new ModuleError('trailing_bytes', problem, data, HEADER_LENGTH + length)
  }
  if (crc32(bytes.subarray(HEADER_LENGTH)) !== checksum)
    throw new ModuleError('damaged', 'the bytecode is damaged: its checksum does not fit', {}, HEADER_LENGTH)
  return header
}

function readManifest(reader: ByteReader): Module['manifest'] {
  const text = reader.text('the manifest')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw reader.malformed('the manifest is not JSON')
  }
  return manifestOf(parsed, (problem) => reader.malformed(problem))
}
