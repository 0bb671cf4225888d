import type { Name, Span } from '../syntax/ast.ts'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import { all, count, didYouMean } from './wording.ts'

export function assignmentToConst(span: Span, name: string): Diagnostic {
  return diagnostic('E6001', span, `cannot assign to the const \`${name}\``, {
    label: 'a const keeps its value',
    help: 'declare it with `let` if it has to change',
  })
}

/** `noun`: what the name stands for, with its article. */
export function assignmentToDeclaration(span: Span, name: string, noun: string): Diagnostic {
  return diagnostic('E6002', span, `cannot assign to \`${name}\`: it is ${noun}`, {
    label: 'not a variable',
    help: `declare a variable of another name with \`let\``,
  })
}

export function strayLoopControl(span: Span, word: 'break' | 'continue'): Diagnostic {
  return diagnostic('E6003', span, `\`${word}\` outside a loop`, {
    label: 'no loop around it in this function',
  })
}

/** `min` to `max` arguments are accepted. */
export function wrongArity(span: Span, callee: string, min: number, max: number, found: number): Diagnostic {
  const wanted = min === max ? count(max, 'argument') : `${min} to ${max} arguments`
  return diagnostic('E6004', span, `\`${callee}\` takes ${wanted}, found ${found}`, {
    label: `${found < min ? 'missing' : 'superfluous'} argument${Math.max(min - found, found - max) === 1 ? '' : 's'}`,
  })
}

/** A variant with a payload, named without its arguments. */
export function variantWithoutPayload(span: Span, variant: string, fields: readonly string[]): Diagnostic {
  return diagnostic('E6004', span, `\`${variant}\` takes ${count(fields.length, 'argument')}, found 0`, {
    label: `write ${variant}(${fields.join(', ')})`,
  })
}

export function unknownVariant(name: Name, type: string | null, known: readonly string[]): Diagnostic {
  const where = type === null ? 'of any sealed type' : `of \`${type}\``
  return diagnostic('E6005', name.span, `\`${name.text}\` is not a variant ${where}`, {
    label: 'no such variant',
    help: didYouMean(
      name.text,
      known,
      type === null ? 'use `_` for everything else' : `the variants are ${all(known)}`,
    ),
  })
}

export function wrongBindings(
  span: Span,
  variant: string,
  fields: readonly string[],
  found: number,
): Diagnostic {
  return diagnostic(
    'E6006',
    span,
    `\`${variant}\` has ${count(fields.length, 'field')}, the pattern names ${found}`,
    {
      label: fields.length === 0 ? `write ${variant}` : `write ${variant}(${fields.join(', ')})`,
    },
  )
}

/** `owner`: the struct or the variant. */
export function unknownNamedField(name: Name, owner: string, known: readonly string[]): Diagnostic {
  return diagnostic('E6007', name.span, `\`${owner}\` has no field \`${name.text}\``, {
    label: 'no such field',
    help: didYouMean(name.text, known, `the fields are ${all(known)}`),
  })
}

export function missingTraitMethod(
  span: Span,
  target: string,
  trait: string,
  methods: readonly string[],
): Diagnostic {
  return diagnostic('E6008', span, `\`${target}\` does not implement all of \`${trait}\``, {
    label: `missing: ${all(methods)}`,
  })
}

export function verifyParameters(span: Span, name: string, found: number): Diagnostic {
  return diagnostic('E6009', span, `verify function ${name} must take one parameter, the context`, {
    label: `takes ${count(found, 'parameter')}`,
  })
}

export function namedArgumentsMisplaced(callee: Span): Diagnostic {
  return diagnostic('E6010', callee, 'named arguments make a struct or a variant, and this is neither', {
    label: 'not a struct, not a variant',
    help: 'give the arguments by position, without names',
  })
}

export function traitAsValue(name: Name): Diagnostic {
  return diagnostic('E6011', name.span, `\`${name.text}\` is a trait, which is no value`, {
    label: 'not a value',
    help: 'name the type that implements it',
  })
}

export function missingArms(span: Span, type: string, variants: readonly string[]): Diagnostic {
  return diagnostic('W6101', span, `this match misses ${all(variants)} of \`${type}\``, {
    label: `no arm for ${all(variants)}`,
    help: 'add the arms, or `_ => ...` for everything else',
  })
}

export function unreachableArm(span: Span): Diagnostic {
  return diagnostic('W6102', span, 'this arm is never reached', {
    label: 'an arm before it takes everything it could match',
  })
}
