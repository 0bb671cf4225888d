/**
 * Programs of the language made from a list of numbers, for tests that compare: each compiles, ends, and says much about
 * what it does. A shorter list makes a simpler program, so that a failing one shrinks.
 */

const VARIABLES = ['a', 'b', 'c', 'shared']
const LITERALS = [
  '0',
  '1',
  '2',
  '-3',
  '2.5',
  '"x"',
  '"ab"',
  'true',
  'false',
  'nil',
  '[1, 2, 3]',
  '[]',
  '{"x": 1}',
  '{}',
]
const BINARY = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'and', 'or', 'in']

const PRELUDE = `
struct Point { x, y }
mut struct Box { value }
sealed Shape { Dot, Circle(r), Rect(w, h) }
impl Point { fun sum(self, more) { return self.x + self.y + more; } }
agent Helper { provider: "openai" model: "gpt-4o" }
let shared = 0;
`

export function randomProgram(choices: readonly number[]): string {
  return new Generator(choices).program()
}

class Generator {
  private readonly choices: readonly number[]
  private next = 0
  /** Where the numbers end for the part under way. */
  private end = 0
  private names = 0
  private loops = 0

  constructor(choices: readonly number[]) {
    this.choices = choices
  }

  program(): string {
    // half of the numbers for what calls, the rest for what is called
    const { length } = this.choices
    this.end = length / 2
    const main: string[] = []
    while (!this.spent) main.push(this.pick(12) === 0 ? this.statement(3) : this.caught(this.statement(3)))
    const functions = [0, 1, 2].map((index) => {
      this.end = (length * (4 + index)) / 6
      return this.fun(index)
    })
    return `${PRELUDE}${functions.join('\n')}\n{\nlet a = 1;\nlet b = "s";\nlet c = [3, 1, 2];\n${main.join('\n')}\nemit a; emit b; emit c; emit shared;\n}\n`
  }

  private fun(index: number): string {
    return `fun f${index}(a, b) {\nlet c = [a, 1, 2];\nif (typeof(a) != "number" or a < 1) { return b; }\n${this.block(2)}\n${this.block(2)}\nreturn ${this.expression(2)};\n}`
  }

  /** A number below `below`; 0 when the list is used up. */
  private pick(below: number): number {
    const choice = this.spent ? 0 : this.choices[this.next]!
    this.next += 1
    return choice % below
  }

  private one<T>(from: readonly T[]): T {
    return from[this.pick(from.length)]!
  }

  private get spent(): boolean {
    return this.next >= this.end
  }

  private fresh(letter: string): string {
    this.names += 1
    return `${letter}${this.names}`
  }

  private block(depth: number): string {
    const statements: string[] = []
    for (let i = this.pick(3) + 1; i > 0 && !this.spent; i -= 1) statements.push(this.statement(depth))
    return statements.join('\n')
  }

  private statement(depth: number): string {
    const variable = this.one(VARIABLES)
    const value = () => this.expression(depth)
    if (depth === 0) return `emit ${value()};`
    switch (this.pick(16)) {
      case 0:
        return `${variable} = ${value()};`
      case 1:
        return `emit f"{ ${value()} } and { ${value()} }";`
      case 2:
        return `if (${value()}) {\n${this.block(depth - 1)}\n} else {\n${this.block(depth - 1)}\n}`
      case 3:
        return this.whileLoop(depth)
      case 4:
        return this.forLoop(depth)
      case 5:
      case 6:
        return this.attempt(depth)
      case 7:
        return `if (${value()} == 1) { throw ${value()}; }`
      case 8:
        return `${variable}[${value()}] = ${value()};`
      case 9:
        return this.loops > 0 ? this.one(['break;', 'continue;']) : `emit ${value()};`
      case 10:
        return this.matching(depth)
      case 11: {
        const name = this.fresh('g')
        return `let ${name} = fn(x) { ${variable} = x; return ${value()}; };\nemit ${name}(${value()});\n${variable} = ${name};`
      }
      case 12:
        return `emit spawn Helper(str(${value()}));`
      case 13: {
        const [first, second] = [this.fresh('p'), this.fresh('q')]
        return `let [${first}, ${second}] = ${this.one(['[1, 2]', 'c', value()])};\nemit ${first};\nemit ${second};`
      }
      case 14:
        return `${variable} = [${value()}, ...${this.one(['c', '[1]', value()])}];`
      default:
        return `emit ${value()};`
    }
  }

  private whileLoop(depth: number): string {
    const counter = this.fresh('i')
    this.loops += 1
    const body = this.block(depth - 1)
    this.loops -= 1
    return `let ${counter} = 0;\nwhile (${counter} < ${this.pick(5)}) {\n${counter} = ${counter} + 1;\n${body}\n}`
  }

  private forLoop(depth: number): string {
    const item = this.fresh('x')
    const names = this.one([item, `${item}k, ${item}`])
    this.loops += 1
    const body = this.block(depth - 1)
    this.loops -= 1
    return `for (${names} in ${this.one(['range(3)', 'c', '"añb"', '{"k": 1, "l": 2}', this.expression(1)])}) {\n${body}\nemit ${item};\n}`
  }

  private caught(statement: string): string {
    const error = this.fresh('e')
    return `try {\n${statement}\n} catch (${error}) { emit ${error}; }`
  }

  private attempt(depth: number): string {
    const error = this.fresh('e')
    return `try {\n${this.block(depth - 1)}\nemit ${this.expression(depth - 1)};\n} catch (${error}) {\nemit ${error};\n${this.block(depth - 1)}\n}`
  }

  private matching(depth: number): string {
    return `match (${this.expression(depth)}) {\nDot => { ${this.block(depth - 1)} }\nCircle(r) => { emit r; }\nRect(w, h) => { emit w; emit h; }\n1 => { emit "one"; }\n_ => { ${this.block(depth - 1)} }\n}`
  }

  /** A block that ends in its value. */
  private arm(depth: number): string {
    const name = this.fresh('v')
    return `{\n${this.statement(depth - 1)}\nlet ${name} = ${this.expression(depth - 1)};\n${name}\n}`
  }

  /** Something that enters other code, and may wait. */
  private call(depth: number): string {
    const value = () => this.expression(depth - 1)
    switch (this.pick(7)) {
      case 0:
        return `Helper.ask(str(${value()}))`
      case 1:
        return `spawn Helper(str(${value()}))`
      case 2:
        return `[2, 1].map(fn(x) => ${value()})`
      case 3:
        return `exec("go").stdout`
      case 4:
        return `Point(1, ${value()}).sum(2)`
      default:
        return `f${this.pick(3)}(${this.one(['a - 1', '2', value()])}, ${value()})`
    }
  }

  private expression(depth: number): string {
    const value = () => this.expression(depth - 1)
    if (depth <= 0 || this.spent) return this.one([...VARIABLES, ...LITERALS])
    switch (this.pick(26)) {
      case 0:
      case 1:
      case 2:
        return `(${value()} ${this.one(BINARY)} ${value()})`
      case 3:
        return `(str(${value()}) + ${this.call(depth)})`
      case 20:
        return `(${this.one(VARIABLES)} == ${this.call(depth)})`
      case 21:
        return `[${this.one(VARIABLES)}, ${this.call(depth)}, ${value()}]`
      case 22:
      case 23:
        return this.call(depth)
      case 24:
        return `[${value()}, match (${value()}) {\n1 => ${this.arm(depth)}\n_ => ${this.arm(depth)}\n}]`
      case 4:
        return `(${this.one(['-', 'not '])}${value()})`
      case 5:
        return `f${this.pick(3)}(${this.one(['a - 1', '3', value()])}, ${value()})`
      case 6:
        return `${this.one(VARIABLES)}[${value()}]`
      case 7:
        return `[${value()}, ${value()}]`
      case 8:
        return `{"x": ${value()}, "y": ${value()}}`
      case 9:
        return `${this.one(['Point(x: 1, y: 2)', 'Box(value: a)', 'Shape.Dot', `Shape.Circle(${value()})`, `Shape.Rect(${value()}, 2)`])}`
      case 10:
        return `${this.one(VARIABLES)}.${this.one(['x', 'value', 'y'])}`
      case 11:
        return `Point(${value()}, 2).sum(${value()})`
      case 12:
        return `${this.one(VARIABLES)}.${this.one(['len()', 'push(4)', 'first()', 'keys()', 'sum(1)', 'to_upper()'])}`
      case 13:
        return `${this.one(['c', value()])}.map(fn(x) => ${value()})`
      case 14:
        return `c.${this.one(['filter(fn(x) => x > 1)', 'sort_by(fn(x, y) => x - y)', 'fold(0, fn(s, x) => s + x)'])}`
      case 15:
        return `len(${value()})`
      case 16:
        return `${this.one(VARIABLES)}(${this.one(['', value()])})`
      case 17:
        return `c[${this.one(['0', '1', value()])}:${this.one(['', '2'])}]`
      case 18:
        return `Helper.ask(str(${value()}))`
      default:
        return this.one([...VARIABLES, ...LITERALS])
    }
  }
}
