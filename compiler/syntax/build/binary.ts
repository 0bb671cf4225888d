import type { BinaryOp, Expr, Span } from '../ast.ts'

interface Prefix {
  readonly op: '-' | '!' | 'not'
  readonly span: Span
}

export interface Operand {
  readonly prefixes: readonly Prefix[]
  readonly base: Expr
}

type Operator = BinaryOp | 'and' | 'or'

export interface Step {
  readonly op: Operator
  readonly opSpan: Span
  readonly operand: Operand
}

/** How tightly an operator binds; `not` stands between `and` and `==`. */
const PRECEDENCE: Readonly<Record<Operator, number>> = {
  or: 1,
  and: 2,
  '==': 4,
  '!=': 4,
  in: 5,
  'not in': 5,
  '<': 6,
  '<=': 6,
  '>': 6,
  '>=': 6,
  '+': 7,
  '-': 7,
  '*': 8,
  '/': 8,
  '%': 8,
}
const NOT = 3

/** The one name of an operator that may be spelled in two ways. */
export function operator(word: string): string {
  return word === '&&' ? 'and' : word === '||' ? 'or' : word
}

const across = (from: Span, to: Span): Span => ({ ...from, end: to.end })

/** Groups a flat row `a op b op c` by precedence; operators of one level group from the left. */
export function group(first: Operand, steps: readonly Step[]): Expr {
  let next = 0

  const operand = ({ prefixes, base }: Operand): Expr =>
    prefixes.reduceRight<Expr>((value, prefix) => {
      if (prefix.op === '-' && value.kind === 'number') {
        return { kind: 'number', value: -value.value, span: across(prefix.span, value.span) }
      }
      // `-` and `!` take the operand alone, `not` a whole comparison.
      const scope = prefix.op === 'not' ? climb(value, NOT) : value
      const op = prefix.op === '-' ? '-' : 'not'
      return { kind: 'unary', op, operand: scope, span: across(prefix.span, scope.span) }
    }, base)

  const climb = (start: Expr, lowest: number): Expr => {
    let left = start
    for (let step = steps[next]; step && PRECEDENCE[step.op] >= lowest; step = steps[next]) {
      next++
      const right = climb(operand(step.operand), PRECEDENCE[step.op] + 1)
      left = join(left, step, right)
    }
    return left
  }

  return climb(operand(first), 0)
}

function join(left: Expr, { op, opSpan }: Step, right: Expr): Expr {
  const span = across(left.span, right.span)
  return op === 'and' || op === 'or'
    ? { kind: 'logical', op, left, right, span }
    : { kind: 'binary', op, left, right, opSpan, span }
}
