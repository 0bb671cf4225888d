/**
 * Regular expressions in RE2's syntax: no lookaround, no backreference, and time linear in the text whatever the
 * pattern. The engine is loaded by the first program that uses one.
 */
import type { Matcher, RE2JS } from 're2js'
import { RuntimeError } from '../values/runtime-error.ts'
import { describe } from '../values/type-name.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'
import { functionForm, methodsOf } from './method.ts'
import { type Native, type Table, table } from './native.ts'
import { giveWay } from './turns.ts'

const MAX_PATTERN = 10_000
/** Pattern instructions times characters of one search: seconds at the worst. */
const MAX_WORK = 2 ** 28
/** Fuel of a millisecond of searching: what the engine did cannot be counted, only timed. */
const STEPS_A_MS = 100_000
const KEPT = 64

let engine: typeof import('re2js') | undefined
/** Compiled patterns, the oldest first: a pattern is mostly used again and again. */
const compiled = new Map<string, RE2JS>()

const { later } = methodsOf<string>()

export const REGEX_METHODS: readonly Native[] = [
  later(
    'match(pattern)',
    'The first part that a regular expression fits; nil when it fits none.',
    (text, call) => first(text, call, (matcher) => matcher.group(0)),
  ),
  later('match_all(pattern)', 'List of all parts that a regular expression fits, without overlaps.', all),
]

const METHODS: Table = table(REGEX_METHODS)

export const REGEX_FUNCTIONS: readonly Native[] = [
  functionForm(
    'regex_match',
    'string',
    later(
      'matches(pattern)',
      'Whether a regular expression fits any part of a text.',
      async (text, call) => (await first(text, call, () => true)) ?? false,
    ),
  ),
  functionForm('regex_find', 'string', METHODS.get('match')),
  functionForm('regex_find_all', 'string', METHODS.get('match_all')),
  functionForm(
    'regex_replace',
    'string',
    later(
      'replace(pattern, by)',
      'Every part that a regular expression fits, replaced; in by, $1 is a group, $0 the whole and $$ a dollar.',
      replace,
    ),
  ),
]

async function first(text: string, call: Arguments, result: (matcher: Matcher) => Value): Promise<Value> {
  for await (const matcher of matches(text, await patternOf(call), call)) return result(matcher)
  return null
}

async function all(text: string, call: Arguments): Promise<Value> {
  const parts: Value[] = []
  for await (const matcher of matches(text, await patternOf(call), call)) {
    call.meter.items(parts.length + 1)
    parts.push(matcher.group(0))
  }
  return parts
}

async function replace(text: string, call: Arguments): Promise<Value> {
  const pattern = await patternOf(call)
  const template = templateOf(call, pattern)
  const { maxTextLength } = call.meter.limits
  const parts: string[] = []
  let length = 0
  const add = (part: string): void => {
    length += part.length
    if (length > maxTextLength) call.meter.text(length)
    parts.push(part)
  }
  let end = 0
  for await (const matcher of matches(text, pattern, call)) {
    add(text.slice(end, matcher.start()))
    for (const part of template) add(typeof part === 'string' ? part : (matcher.group(part) ?? ''))
    end = matcher.end()
  }
  add(text.slice(end))
  call.meter.text(length)
  return parts.join('')
}

/** The matcher at each match in turn. Lets others have their turn, and ends with an error when fuel or time runs out. */
async function* matches(text: string, pattern: RE2JS, call: Arguments): AsyncGenerator<Matcher> {
  const { meter, host } = call
  if (pattern.programSize() * text.length > MAX_WORK) {
    throw new RuntimeError('limit', `the pattern is too large for a text of ${text.length} characters`)
  }
  meter.charge(text.length >> 4)
  const matcher = pattern.matcher(text)
  for (;;) {
    const before = host.now()
    const found = matcher.find()
    meter.charge(1 + Math.ceil((host.now() - before) * STEPS_A_MS))
    if (!found) return
    yield matcher
    if (meter.turnIsOver) await giveWay(call)
  }
}

async function patternOf(call: Arguments): Promise<RE2JS> {
  const source = call.text(0)
  if (source.length > MAX_PATTERN) throw call.invalid(`a pattern has at most ${MAX_PATTERN} characters`)
  const known = compiled.get(source)
  if (known !== undefined) return known
  // Kept once it is there: the next one tries again to load what could not be loaded.
  engine ??= await import('re2js')
  const { RE2JS, RE2JSException } = engine
  try {
    const pattern = RE2JS.compile(source)
    const oldest = compiled.size < KEPT ? undefined : compiled.keys().next().value
    if (oldest !== undefined) compiled.delete(oldest)
    compiled.set(source, pattern)
    return pattern
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const problem = error.message.replace(/^error parsing regexp: /, '')
    throw call.invalid(`${describe(source)} is no regular expression: ${problem}`)
  }
}

/** Texts and numbers of groups, in order. */
function templateOf(call: Arguments, pattern: RE2JS): (string | number)[] {
  const source = call.text(1)
  const names = pattern.namedGroups()
  const parts: (string | number)[] = []
  let end = 0
  for (const match of source.matchAll(/\$(?:\$|(\d{1,2})|\{(\w+)\})/g)) {
    const [whole, digits, name] = match
    const key = digits ?? name
    parts.push(source.slice(end, match.index))
    end = match.index + whole.length
    if (key === undefined) parts.push('$')
    else {
      const group = /^\d+$/.test(key) ? Number(key) : names[key]
      if (group === undefined || group > pattern.groupCount()) {
        throw call.invalid(`the pattern has no group ${whole}; write $$ for a dollar`)
      }
      parts.push(group)
    }
  }
  parts.push(source.slice(end))
  return parts
}
