/** `math_*`. */
import { constant, type Native, plain } from './native.ts'

/** Functions of one number that are what JavaScript's are. */
const unary = (name: string, doc: string, compute: (x: number) => number): Native =>
  plain(`math_${name}(x)`, doc, (call) => compute(call.number(0)))

export const MATH: readonly Native[] = [
  constant('math_pi', 'The ratio of a circle to its diameter.', Math.PI),
  constant('math_e', 'The base of the natural logarithm.', Math.E),
  unary('abs', 'Magnitude.', Math.abs),
  unary('floor', 'Down to a whole number.', Math.floor),
  unary('ceil', 'Up to a whole number.', Math.ceil),
  unary(
    'round',
    'To the nearest whole number, halves away from zero.',
    (x) => Math.sign(x) * Math.round(Math.abs(x)),
  ),
  unary('trunc', 'Towards zero to a whole number.', Math.trunc),
  unary('sign', '-1, 0 or 1.', Math.sign),
  unary('sqrt', 'Square root; nan below 0.', Math.sqrt),
  unary('cbrt', 'Cube root.', Math.cbrt),
  unary('exp', 'e to the power of x.', Math.exp),
  unary('log', 'Natural logarithm.', Math.log),
  unary('log2', 'Logarithm to base 2.', Math.log2),
  unary('log10', 'Logarithm to base 10.', Math.log10),
  unary('sin', 'Sine of radians.', Math.sin),
  unary('cos', 'Cosine of radians.', Math.cos),
  unary('tan', 'Tangent of radians.', Math.tan),
  unary('asin', 'Arc sine, in radians.', Math.asin),
  unary('acos', 'Arc cosine, in radians.', Math.acos),
  unary('atan', 'Arc tangent, in radians.', Math.atan),
  plain('math_atan2(y, x)', 'Angle of the point (x, y), in radians.', (call) =>
    Math.atan2(call.number(0), call.number(1)),
  ),
  plain('math_pow(x, y)', 'x to the power of y.', (call) => call.number(0) ** call.number(1)),
  plain('math_min(a, ...more)', 'The smallest.', (call) =>
    Math.min(...call.all.map((_, i) => call.number(i))),
  ),
  plain('math_max(a, ...more)', 'The largest.', (call) =>
    Math.max(...call.all.map((_, i) => call.number(i))),
  ),
  plain('math_clamp(x, low, high)', 'x, but at least low and at most high.', (call) =>
    Math.min(Math.max(call.number(0), call.number(1)), call.number(2)),
  ),
  plain('math_random()', 'From 0 to before 1.', (call) => call.host.random()),
  plain('math_random_int(low, high)', 'A whole number from low to high, both included.', (call) => {
    const low = call.integer(0)
    const high = call.integer(1)
    if (high < low) throw call.invalid(`${low} is above ${high}`)
    return low + Math.floor(call.host.random() * (high - low + 1))
  }),
]
