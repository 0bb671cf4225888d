/** How the single things of a module stand in `.neamb`: literals, globals, types, impls, functions. */
import type { ByteReader, ByteWriter } from './bytes.ts'
import type { Capture, FunctionProto, GlobalDecl, ImplTable, Literal, TypeDecl } from './module.ts'

const LITERAL = { nil: 0, false: 1, true: 2, number: 3, string: 4 } as const

export function writeLiteral(writer: ByteWriter, value: Literal): void {
  if (typeof value === 'number') {
    writer.u8(LITERAL.number)
    writer.f64(value)
  } else if (typeof value === 'string') {
    writer.u8(LITERAL.string)
    writer.text(value)
  } else if (value === null) writer.u8(LITERAL.nil)
  else writer.u8(value ? LITERAL.true : LITERAL.false)
}

export function readLiteral(reader: ByteReader): Literal {
  const tag = reader.u8('a constant')
  switch (tag) {
    case LITERAL.nil:
      return null
    case LITERAL.false:
      return false
    case LITERAL.true:
      return true
    case LITERAL.number:
      return reader.f64('a number')
    case LITERAL.string:
      return reader.text('a string')
    default:
      throw reader.malformed(`${tag} is no kind of constant`)
  }
}

const GLOBAL = { variable: 0, constant: 1, function: 2, type: 3, skill: 4, agent: 5 } as const

export function writeGlobal(writer: ByteWriter, global: GlobalDecl): void {
  writer.text(global.name)
  writer.u8(global.is === 'variable' && global.constant ? GLOBAL.constant : GLOBAL[global.is])
  if (global.is === 'function') writer.u32(global.function)
  if (global.is === 'type') writer.u32(global.type)
}

export function readGlobal(reader: ByteReader): GlobalDecl {
  const name = reader.text('a global')
  const tag = reader.u8('a global')
  switch (tag) {
    case GLOBAL.variable:
    case GLOBAL.constant:
      return { name, is: 'variable', constant: tag === GLOBAL.constant }
    case GLOBAL.function:
      return { name, is: 'function', function: reader.u32('a global') }
    case GLOBAL.type:
      return { name, is: 'type', type: reader.u32('a global') }
    case GLOBAL.skill:
      return { name, is: 'skill' }
    case GLOBAL.agent:
      return { name, is: 'agent' }
    default:
      throw reader.malformed(`${tag} is no kind of global`)
  }
}

const TYPE = { struct: 0, mutableStruct: 1, sealed: 2 } as const

export function writeType(writer: ByteWriter, type: TypeDecl): void {
  if (type.kind === 'sealed') {
    writer.u8(TYPE.sealed)
    writer.text(type.name)
    writer.list(type.variants, (variant) => {
      writer.text(variant.name)
      writer.list(variant.fields, (field) => writer.text(field))
    })
    return
  }
  writer.u8(type.mutable ? TYPE.mutableStruct : TYPE.struct)
  writer.text(type.name)
  writer.list(type.fields, ({ name, initial }) => {
    writer.text(name)
    writer.u8(initial === undefined ? 0 : 1)
    if (initial !== undefined) writeLiteral(writer, initial)
  })
}

export function readType(reader: ByteReader): TypeDecl {
  const tag = reader.u8('a type')
  const name = reader.text('a type')
  if (tag === TYPE.sealed) {
    const variants = reader.list('variants', () => ({
      name: reader.text('a variant'),
      fields: reader.list('fields', () => reader.text('a field')),
    }))
    return { kind: 'sealed', name, variants }
  }
  if (tag !== TYPE.struct && tag !== TYPE.mutableStruct) throw reader.malformed(`${tag} is no kind of type`)
  const fields = reader.list('fields', () => {
    const field = reader.text('a field')
    return readFlag(reader, 'a default') ? { name: field, initial: readLiteral(reader) } : { name: field }
  })
  return { kind: 'struct', name, mutable: tag === TYPE.mutableStruct, fields }
}

function readFlag(reader: ByteReader, what: string): boolean {
  const flag = reader.u8(what)
  if (flag > 1) throw reader.malformed(`${what} is marked ${flag}`)
  return flag === 1
}

export function writeImpl(writer: ByteWriter, impl: ImplTable): void {
  writer.text(impl.target)
  writer.list(impl.traits, (trait) => writer.text(trait))
  writer.list(Object.entries(impl.methods), ([name, index]) => {
    writer.text(name)
    writer.u32(index)
  })
}

export function readImpl(reader: ByteReader): ImplTable {
  return {
    target: reader.text('an impl'),
    traits: reader.list('traits', () => reader.text('a trait')),
    methods: Object.fromEntries(
      reader.list('methods', () => [reader.text('a method'), reader.u32('a method')] as const),
    ),
  }
}

export function writeFunction(writer: ByteWriter, proto: FunctionProto): void {
  writer.text(proto.name)
  writer.list(proto.params, (param) => writer.text(param))
  writer.list(proto.defaults ?? [], (value) => writeLiteral(writer, value))
  writer.list(proto.cellParams, (slot) => writer.u32(slot))
  writer.u32(proto.locals)
  writer.list(proto.captures, ({ from, index }) => {
    writer.u8(from === 'local' ? 0 : 1)
    writer.u32(index)
  })
  writer.u32(proto.file)
  writer.words(proto.code)
  writer.words(proto.positions)
}

export function readFunction(reader: ByteReader): FunctionProto {
  const name = reader.text('a function')
  const params = reader.list('parameters', () => reader.text('a parameter'))
  const defaults = reader.list('defaults', () => readLiteral(reader))
  if (defaults.length > params.length) throw reader.malformed(`${name} has more defaults than parameters`)
  const cellParams = reader.list('captured parameters', () => reader.u32('a captured parameter'))
  const locals = reader.u32('a function')
  const captures = reader.list(
    'captures',
    (): Capture => ({
      from: readFlag(reader, 'a capture') ? 'upvalue' : 'local',
      index: reader.u32('a capture'),
    }),
  )
  const file = reader.u32('a function')
  const code = reader.words('the code')
  const positions = reader.words('the positions')
  const own = defaults.length > 0 ? { defaults } : {}
  return { name, params, ...own, cellParams, locals, captures, code, positions, file }
}
