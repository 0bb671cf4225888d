import type { Span } from '../syntax/ast.ts'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import { either } from './wording.ts'

/** `expected` in the words of the grammar (`` `;` ``, `an expression`); `found` as it stands in the text. */
export function unexpected(
  span: Span,
  expected: readonly string[],
  found: string,
  details: { help: string | null; notes: readonly string[] },
): Diagnostic {
  const wanted = either(expected)
  return diagnostic('E0001', span, `expected ${wanted}, found ${found}`, {
    label: `expected ${wanted}`,
    ...details,
  })
}

export function unterminatedString(span: Span): Diagnostic {
  return diagnostic('E0002', span, 'this string does not end', {
    label: 'the string begins here',
    help: 'close it with the same quote; a quote inside a string is written \\"',
  })
}

export function nestedTooDeeply(span: Span, limit: number): Diagnostic {
  return diagnostic('E0003', span, `nested deeper than ${limit} levels`, {
    label: 'one level too many',
    help: 'give the inner part a name with `let`, or move it to a function',
  })
}

export function sourceTooLarge(span: Span, size: number, limit: number): Diagnostic {
  return diagnostic('E0004', span, `the file has ${size} characters; ${limit} are accepted`, {
    help: 'split it into several files and `import` them',
  })
}

export function notAssignable(span: Span): Diagnostic {
  return diagnostic('E0005', span, 'this cannot be assigned to', {
    label: 'not a variable, an element or a property',
    help: 'two values are compared with `==`',
  })
}

export function unterminatedComment(span: Span): Diagnostic {
  return diagnostic('E0006', span, 'this comment does not end', {
    label: 'the comment begins here',
    help: 'close it with `*/`',
  })
}

export function unsupportedDeclaration(span: Span, word: string, help: string | null): Diagnostic {
  return diagnostic('E0007', span, `\`${word}\` declarations are not supported`, {
    label: 'not part of this implementation',
    help,
  })
}

/** The program's own file. */
export function sourceNotFound(path: string): Diagnostic {
  return diagnostic('E0008', { file: 0, start: 0, end: 0 }, `cannot read ${JSON.stringify(path)}`)
}

export function importNotFound(span: Span, path: string): Diagnostic {
  return diagnostic('E0008', span, `cannot read the imported file ${JSON.stringify(path)}`, {
    label: 'no such file',
    help: 'the path is relative to the file that imports it',
  })
}

/** `chain`: the files of the circle, the first one again at the end. */
export function importCycle(span: Span, chain: readonly string[]): Diagnostic {
  return diagnostic('E0009', span, 'files import each other in a circle', {
    label: 'this import closes the circle',
    help: 'move what both need to a file of its own',
    notes: [chain.join(' -> ')],
  })
}

export function importNotLocal(span: Span, path: string): Diagnostic {
  return diagnostic('E0010', span, `${JSON.stringify(path)} cannot be imported`, {
    label: 'not a relative path of a .neam file',
    help: 'write it as `import "./file.neam";`',
  })
}

export function numberTooLarge(span: Span): Diagnostic {
  return diagnostic('E0011', span, 'this number is too large', {
    label: 'larger than a double can hold',
  })
}
