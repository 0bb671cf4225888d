/**
 * A module as text for people: every function with its instructions, operands by name. The text depends on the module
 * alone, so that tests may keep it beside a source.
 */
import { type Instruction, instructionAt, jumpTarget, positionAt } from './chunk.ts'
import type { FunctionProto, GlobalDecl, Literal, Module, TypeDecl } from './module.ts'
import type { OperandKind } from './opcode.ts'

export function disassemble(module: Module): string {
  const { manifest } = module
  const sections = [
    `; ${manifest.program}, source ${manifest.sourceHash}`,
    heading('globals', module.globals.map(globalText)),
    heading('types', module.types.map(typeText)),
    heading(
      'impls',
      module.impls.flatMap(({ target, methods }) =>
        Object.entries(methods).map(
          ([method, index]) => `${target}.${method} = ${functionName(module, index)}`,
        ),
      ),
    ),
    heading(
      'skills',
      manifest.skills.map((skill) => `${skill.name} = ${functionName(module, skill.impl)}`),
    ),
    heading(
      'guards',
      manifest.guards.flatMap((guard) =>
        guard.handlers.map(
          (handler) => `${guard.name}.${handler.phase} = ${functionName(module, handler.function)}`,
        ),
      ),
    ),
    heading(
      'verify',
      manifest.agents.flatMap((agent) =>
        agent.kind === 'forge' ? [`${agent.name} = ${functionName(module, agent.verify)}`] : [],
      ),
    ),
    heading('start', [
      `main = ${functionName(module, module.main)}`,
      ...module.initialisers.map(
        (one) => `let ${one.names.join(', ')} = ${functionName(module, one.function)}`,
      ),
    ]),
    ...module.functions.map((_, index) => disassembleFunction(module, index)),
  ]
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`
}

/** One function: a title line, then an instruction a line with its word offset and, where it changes, its position. */
export function disassembleFunction(module: Module, index: number): string {
  const proto = module.functions[index]!
  const captures = proto.captures.map(({ from, index }) => `${from} ${index}`).join(', ')
  const title = [
    `${functionName(module, index)}(${paramTexts(proto).join(', ')})`,
    module.files[proto.file] ?? `file ${proto.file}`,
    `${proto.locals} slots`,
    ...(proto.cellParams.length > 0 ? [`cells ${proto.cellParams.join(', ')}`] : []),
    ...(captures === '' ? [] : [`captures ${captures}`]),
  ].join('; ')
  const lines: string[] = []
  let lastPlace = ''
  for (let at = 0; at < proto.code.length; ) {
    const instruction = instructionAt(proto.code, at)
    if (instruction === null) {
      lines.push(`  ${wordText(at)}  not an instruction: ${proto.code[at]}`)
      break
    }
    const position = positionAt(proto.positions, at)
    const place = position === null ? '' : `${position.line}:${position.column}`
    lines.push(
      `  ${wordText(at)}  ${(place === lastPlace ? '' : place).padEnd(7)} ${instructionText(module, proto, instruction)}`,
    )
    lastPlace = place
    at = instruction.next
  }
  return [title, ...lines].join('\n')
}

function instructionText(module: Module, proto: FunctionProto, instruction: Instruction): string {
  const { op, operands } = instruction
  const target = jumpTarget(instruction)
  const texts = op.operands.map((kind, index) =>
    target !== null && (kind === 'jump' || kind === 'loop')
      ? `-> ${wordText(target)}`
      : operandText(module, proto, kind, operands[index]!),
  )
  return `${op.name.padEnd(14)} ${texts.join(', ')}`.trimEnd()
}

function operandText(module: Module, proto: FunctionProto, kind: OperandKind, value: number): string {
  switch (kind) {
    case 'constant': {
      const constant = module.constants[value]
      return constant === undefined ? `constant ${value}?` : literalText(constant)
    }
    case 'name':
      return String(module.constants[value] ?? `constant ${value}?`)
    case 'local':
      return value < proto.params.length ? `${value} (${proto.params[value]})` : String(value)
    case 'global':
      return module.globals[value]?.name ?? `global ${value}?`
    case 'native':
      return module.natives[value] ?? `native ${value}?`
    case 'function':
      return functionName(module, value)
    case 'type':
      return module.types[value]?.name ?? `type ${value}?`
    default:
      return String(value)
  }
}

function paramTexts({ params, defaults = [] }: FunctionProto): string[] {
  const required = params.length - defaults.length
  return params.map((param, index) =>
    index < required ? param : `${param} = ${literalText(defaults[index - required]!)}`,
  )
}

const wordText = (word: number): string => String(word).padStart(4, '0')

const functionName = (module: Module, index: number): string =>
  `#${index} ${module.functions[index]?.name ?? 'missing'}`

const heading = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n')

const literalText = (value: Literal): string =>
  value === null ? 'nil' : Object.is(value, -0) ? '-0' : JSON.stringify(value)

function globalText(global: GlobalDecl): string {
  const kind = global.is === 'variable' && global.constant ? 'constant' : global.is
  return `${kind} ${global.name}${global.is === 'function' ? ` = #${global.function}` : ''}`
}

function typeText(type: TypeDecl): string {
  if (type.kind === 'sealed') {
    const variants = type.variants.map(({ name, fields }) =>
      fields.length === 0 ? name : `${name}(${fields.join(', ')})`,
    )
    return `sealed ${type.name} { ${variants.join(', ')} }`
  }
  const fields = type.fields.map(({ name, initial }) =>
    initial === undefined ? name : `${name} = ${literalText(initial)}`,
  )
  return `${type.mutable ? 'mut struct' : 'struct'} ${type.name} { ${fields.join(', ')} }`
}
