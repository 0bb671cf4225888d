import { describe, expect, test } from '@jest/globals'
import { HostError } from '../../vm/host.ts'
import { type Activation, type Limits, Program, ProgramError } from '../../vm/program.ts'
import { textOf } from '../../vm/values/text.ts'
import type { Value } from '../../vm/values/value.ts'
import { assemble } from '../support/assemble.ts'
import { RecordingHost } from '../support/recording-host.ts'

const activate = (text: string, host = new RecordingHost(), limits: Partial<Limits> = {}): Activation =>
  Program.link(assemble(text)).activate(host, limits)

/** What `main` returns. */
const result = (text: string, limits: Partial<Limits> = {}): Value => {
  const activation = activate(text, new RecordingHost(), limits)
  return activation.callFunction(0, []) as Value
}

const failure = (run: () => unknown): ProgramError => {
  try {
    run()
  } catch (error) {
    if (error instanceof ProgramError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const ENDLESS = `
  fun main
  again:
    LOOP again`

const RECURSIVE = `
  fun main
    CLOSURE main
    CALL 0
    RETURN`

describe('instructions', () => {
  test('compute with values on the stack', () => {
    expect(result('fun main\n CONST 2\n CONST 3\n ADD\n CONST 4\n MUL\n RETURN')).toBe(20)
  })

  test('jump forward and loop back', () => {
    const sum = `
      fun main locals=2
        CONST 0
        SET_LOCAL 0
        CONST 0
        SET_LOCAL 1
      again:
        GET_LOCAL 0
        CONST 10
        LT
        JUMP_IF_FALSE end
        GET_LOCAL 0
        CONST 1
        ADD
        DUP
        SET_LOCAL 0
        GET_LOCAL 1
        ADD
        SET_LOCAL 1
        LOOP again
      end:
        GET_LOCAL 1
        RETURN`
    expect(result(sum)).toBe(55)
  })

  test('`and` and `or` keep the deciding value', () => {
    const logical = (op: string, first: string): Value =>
      result(`fun main\n ${first}\n ${op} end\n CONST "second"\n end:\n RETURN`)
    expect(logical('AND', 'NIL')).toBe(null)
    expect(logical('AND', 'CONST 0')).toBe('second')
    expect(logical('OR', 'CONST 0')).toBe(0)
    expect(logical('OR', 'FALSE')).toBe('second')
  })

  test('closures share the cell they capture', () => {
    const counter = `
      fun main locals=1
        CONST 10
        NEW_CELL 0
        CLOSURE step
        CALL 0
        POP
        CLOSURE step
        CALL 0
        POP
        GET_CELL 0
        RETURN
      fun step captures=local:0
        GET_UPVALUE 0
        CONST 1
        ADD
        DUP
        SET_UPVALUE 0
        RETURN`
    expect(result(counter)).toBe(12)
  })

  test('a captured parameter is a cell from the start', () => {
    const program = `
      fun main
        CLOSURE outer
        CONST 7
        CALL 1
        RETURN
      fun outer(x) cells=0
        CLOSURE inner
        CALL 0
        RETURN
      fun inner captures=local:0
        GET_UPVALUE 0
        RETURN`
    expect(result(program)).toBe(7)
  })

  test('a list that grows in its loop is walked to its first length', () => {
    const program = `
      fun main locals=2
        CONST 1
        CONST 2
        LIST 2
        SET_LOCAL 0
        GET_LOCAL 0
        ITER
      again:
        ITER_NEXT end
        SET_LOCAL 1
        GET_LOCAL 0
        GET_LOCAL 1
        LIST_PUSH
        POP
        LOOP again
      end:
        GET_LOCAL 0
        RETURN`
    expect(result(program)).toEqual([1, 2, 1, 2])
  })

  test('ITER_NEXT_PAIR puts the key above the value', () => {
    const program = `
      fun main locals=2
        CONST "a"
        CONST 1
        MAP 1
        ITER
        ITER_NEXT_PAIR end
        SET_LOCAL 0
        SET_LOCAL 1
        POP
      end:
        GET_LOCAL 0
        GET_LOCAL 1
        FORMAT 2
        RETURN`
    expect(result(program)).toBe('a1')
  })

  test('UNPACK_REST gives the first on top and the rest below', () => {
    const program = `
      fun main locals=3
        CONST 1
        CONST 2
        CONST 3
        LIST 3
        UNPACK_REST 1
        SET_LOCAL 0
        SET_LOCAL 1
        GET_LOCAL 0
        GET_LOCAL 1
        TUPLE 2
        RETURN`
    expect(textOf(result(program))).toBe('(1, [2, 3])')
  })
})

describe('errors', () => {
  const TRIED = `
    fun main locals=1
      TRY caught
      CONST 1
      CONST 0
      DIV
      END_TRY
      RETURN
    caught:
      SET_LOCAL 0
      GET_LOCAL 0
      GET_PROPERTY "kind"
      GET_LOCAL 0
      GET_PROPERTY "line"
      GET_LOCAL 0
      TUPLE 3
      RETURN`

  test('of the machine arrive as maps that know their kind, place and text', () => {
    const caught = result(TRIED)
    expect(textOf(caught)).toBe('("zero_division", 6, division by zero)')
  })

  test('thrown by the program arrive unchanged', () => {
    const program = `
      fun main
        TRY caught
        CONST "own"
        THROW
      caught:
        RETURN`
    expect(result(program)).toBe('own')
  })

  test('leave the functions between throw and catch', () => {
    const program = `
      fun main
        CONST "kept"
        TRY caught
        CLOSURE deep
        CALL 0
        END_TRY
        RETURN
      caught:
        ADD
        RETURN
      fun deep
        CLOSURE deeper
        CALL 0
        RETURN
      fun deeper
        CONST 1
        CONST "x"
        THROW`
    expect(result(program)).toBe('keptx')
  })

  test('forget the handlers of a function that returned', () => {
    const program = `
      fun main
        CLOSURE guarded
        CALL 0
        POP
        CONST "late"
        THROW
      fun guarded
        TRY caught
        CONST 1
        RETURN
      caught:
        RETURN`
    expect(failure(() => result(program)).message).toBe('late')
  })

  test('that nobody catches carry a trace, innermost first', () => {
    const error = failure(() =>
      result('fun main\n CLOSURE f\n CALL 0\n RETURN\nfun f\n CONST "x"\n NEG\n RETURN'),
    )
    expect(error.kind).toBe('type')
    expect(error.message).toBe('cannot negate string "x": unary - takes a number')
    expect(error.trace).toEqual([
      { function: 'f', file: 'test.neam', line: 7, column: 1 },
      { function: 'main', file: 'test.neam', line: 3, column: 1 },
    ])
  })

  test('a refusal of the host is caught with its kind', () => {
    const host = new RecordingHost()
    host.spawn = () => {
      throw new HostError('budget_exhausted', 'no money left')
    }
    const activation = activate(
      'fun main\n TRY caught\n CONST "t"\n SPAWN "A"\n END_TRY\n RETURN\n caught:\n GET_PROPERTY "kind"\n RETURN',
      host,
    )
    expect(activation.callFunction(0, [])).toBe('budget_exhausted')
  })

  test('a failure of the host that is no refusal comes through unchanged', () => {
    const host = new RecordingHost()
    const broken = new TypeError('a bug')
    host.spawn = () => {
      throw broken
    }
    const activation = activate(
      'fun main\n TRY caught\n CONST "t"\n SPAWN "A"\n RETURN\n caught:\n RETURN',
      host,
    )
    expect(() => activation.callFunction(0, [])).toThrow(broken)
  })
})

describe('limits', () => {
  test('an endless loop runs out of fuel, and no catch sees it', () => {
    const tried = `
      fun main
        TRY caught
      again:
        LOOP again
      caught:
        RETURN`
    expect(failure(() => result(tried, { fuel: 10_000 })).kind).toBe('fuel')
  })

  test('a program that computes while the process runs out of memory is stopped, and no catch sees it', () => {
    const host = new RecordingHost()
    host.shortOfMemory = true
    const tried = `
      fun main
        TRY caught
      again:
        LOOP again
      caught:
        RETURN`
    expect(failure(() => activate(tried, host).callFunction(0, [])).kind).toBe('memory')
    // a short one needs nothing, and so it is let be
    expect(activate('fun main\n NIL\n RETURN', host).callFunction(0, [])).toBe(null)
  })

  test('fuel is counted exactly', () => {
    const loops = (n: number): string => `
      fun main locals=1
        CONST 0
        SET_LOCAL 0
      again:
        GET_LOCAL 0
        CONST ${n}
        GE
        JUMP_IF_FALSE more
        NIL
        RETURN
      more:
        GET_LOCAL 0
        CONST 1
        ADD
        SET_LOCAL 0
        LOOP again`
    // one step for the call itself
    expect(result(loops(9999), { fuel: 10_000 })).toBe(null)
    expect(failure(() => result(loops(10_000), { fuel: 10_000 })).kind).toBe('fuel')
  })

  test('fuel is shared by all calls of an activation', () => {
    const activation = activate('fun main\n NIL\n RETURN', new RecordingHost(), { fuel: 3 })
    for (let i = 0; i < 3; i += 1) activation.callFunction(0, [])
    expect(failure(() => activation.callFunction(0, [])).kind).toBe('fuel')
  })

  test('an endless loop ends at the deadline', () => {
    const host = new RecordingHost()
    let asked = 0
    host.now = () => (asked++ < 3 ? 999 : 1000)
    const error = failure(() => activate(ENDLESS, host, { deadlineAt: 1000 }).runMain())
    expect(error.kind).toBe('deadline')
    expect(asked).toBe(4)
  })

  test('endless recursion is a catchable stack overflow', () => {
    expect(failure(() => result(RECURSIVE)).kind).toBe('stack_overflow')
    const caught = `
      fun main
        TRY caught
        CLOSURE deep
        CALL 0
        RETURN
      caught:
        GET_PROPERTY "kind"
        RETURN
      fun deep
        CLOSURE deep
        CALL 0
        RETURN`
    expect(result(caught)).toBe('stack_overflow')
  })

  test('the depth can be set', () => {
    expect(failure(() => result(RECURSIVE, { maxDepth: 5 })).trace).toHaveLength(5)
  })

  test('a text that doubles for ever is stopped', () => {
    const doubling = `
      fun main locals=1
        CONST "ab"
        SET_LOCAL 0
      again:
        GET_LOCAL 0
        GET_LOCAL 0
        ADD
        SET_LOCAL 0
        LOOP again`
    const error = failure(() => result(doubling))
    expect([error.kind, error.message]).toEqual(['limit', 'a text would be longer than 16777216 characters'])
  })

  test('a list that grows for ever is stopped', () => {
    const growing = `
      fun main locals=1
        LIST 0
        SET_LOCAL 0
      again:
        GET_LOCAL 0
        NIL
        LIST_PUSH
        POP
        LOOP again`
    expect(failure(() => result(growing, { maxItems: 1000 })).message).toBe(
      'a collection would have more than 1000 elements',
    )
  })

  test('parts that are shared a million times cannot make a text explode', () => {
    const exploding = `
      fun main locals=2
        CONST "x"
        SET_LOCAL 0
        CONST 0
        SET_LOCAL 1
      again:
        GET_LOCAL 1
        CONST 60
        LT
        JUMP_IF_FALSE end
        GET_LOCAL 0
        GET_LOCAL 0
        LIST 2
        SET_LOCAL 0
        GET_LOCAL 1
        CONST 1
        ADD
        SET_LOCAL 1
        LOOP again
      end:
        GET_LOCAL 0
        FORMAT 1
        RETURN`
    expect(failure(() => result(exploding)).kind).toBe('limit')
  })
})

describe('suspension', () => {
  const ASKING = `
    fun main locals=1
      CONST "one"
      SPAWN "A"
      SET_LOCAL 0
      GET_LOCAL 0
      CONST "two"
      SPAWN "B"
      ADD
      DUP
      EMIT
      RETURN`

  test('a host that answers at once never makes a promise', () => {
    const host = new RecordingHost()
    expect(activate(ASKING, host).callFunction(0, [])).toBe('A did oneB did two')
  })

  test('a host that answers later gives a promise of the same result', async () => {
    const host = new RecordingHost()
    host.later = true
    const running = activate(ASKING, host).callFunction(0, [])
    expect(running).toBeInstanceOf(Promise)
    expect(host.lines).toEqual([])
    await expect(running).resolves.toBe('A did oneB did two')
    expect(host.lines).toEqual(['A did oneB did two'])
  })

  test('an answer that fails later is caught in the program', async () => {
    const host = new RecordingHost()
    host.spawn = () => Promise.reject(new HostError('agent_disabled', 'A is off'))
    const activation = activate(
      'fun main\n TRY caught\n CONST "t"\n SPAWN "A"\n END_TRY\n RETURN\n caught:\n FORMAT 1\n RETURN',
      host,
    )
    await expect(activation.callFunction(0, [])).resolves.toBe('A is off')
  })

  test('300 activations wait at once and each goes on with its own answer', async () => {
    const program = Program.link(
      assemble('fun main\n CONST "t"\n SPAWN "A"\n SET_GLOBAL mine\n GET_GLOBAL mine\n RETURN'),
    )
    const waiting: ((answer: string) => void)[] = []
    const running = Array.from({ length: 300 }, () => {
      const host = new RecordingHost()
      host.spawn = () =>
        new Promise((resolve) => {
          waiting.push(resolve)
        })
      return program.activate(host).callFunction(0, [])
    })
    expect(waiting).toHaveLength(300)
    waiting.reverse().forEach((answer, i) => {
      answer(`answer ${299 - i}`)
    })
    expect(await Promise.all(running)).toEqual(Array.from({ length: 300 }, (_, i) => `answer ${i}`))
  })

  test('calls of one activation may overlap', async () => {
    const host = new RecordingHost()
    const waiting: ((answer: string) => void)[] = []
    host.spawn = () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      })
    const activation = activate(
      'fun main\n CONST "a"\n CONST "t"\n SPAWN "A"\n ADD\n RETURN\nfun other\n CONST "b"\n CONST "t"\n SPAWN "A"\n ADD\n RETURN',
      host,
    )
    const [first, second] = [activation.callFunction(0, []), activation.callFunction(1, [])]
    waiting[1]!('2')
    waiting[0]!('1')
    expect(await Promise.all([first, second])).toEqual(['a1', 'b2'])
  })

  test('a loop that waits a hundred thousand times keeps nothing of each wait', async () => {
    const host = new RecordingHost()
    host.later = true
    const loop = `
      fun main locals=1
        CONST 0
        SET_LOCAL 0
      again:
        GET_LOCAL 0
        CONST 100000
        LT
        JUMP_IF_FALSE end
        CONST "t"
        SPAWN "A"
        POP
        GET_LOCAL 0
        CONST 1
        ADD
        SET_LOCAL 0
        LOOP again
      end:
        GET_LOCAL 0
        RETURN`
    host.spawn = () => Promise.resolve('')
    await expect(activate(loop, host).callFunction(0, [])).resolves.toBe(100_000)
  })
})

describe('a computation that takes long', () => {
  const COUNTING = (n: number): string => `
    fun main locals=1
      CONST 0
      SET_LOCAL 0
    again:
      GET_LOCAL 0
      CONST ${n}
      LT
      JUMP_IF_FALSE end
      GET_LOCAL 0
      CONST 1
      ADD
      SET_LOCAL 0
      LOOP again
    end:
      GET_LOCAL 0
      RETURN`

  /** A host on whose clock every look takes 20 ms. */
  const slowHost = () => {
    const host = new RecordingHost()
    const pauses: number[] = []
    host.now = () => {
      host.time += 20
      return host.time
    }
    host.sleep = (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    }
    return { host, pauses }
  }

  test('pauses now and then, and goes on where it was', async () => {
    const { host, pauses } = slowHost()
    const running = activate(COUNTING(100_000), host).callFunction(0, [])
    expect(running).toBeInstanceOf(Promise)
    await expect(running).resolves.toBe(100_000)
    expect(pauses.length).toBeGreaterThan(3)
    expect(new Set(pauses)).toEqual(new Set([0]))
  })

  test('pauses in calls as well as in loops', async () => {
    const { host, pauses } = slowHost()
    const fib = `
      fun fib(n)
        GET_LOCAL 0
        CONST 2
        LT
        JUMP_IF_FALSE more
        GET_LOCAL 0
        RETURN
      more:
        CLOSURE fib
        GET_LOCAL 0
        CONST 1
        SUB
        CALL 1
        CLOSURE fib
        GET_LOCAL 0
        CONST 2
        SUB
        CALL 1
        ADD
        RETURN
      fun main
        NIL
        RETURN`
    await expect(activate(fib, host).callFunction(0, [20])).resolves.toBe(6765)
    expect(pauses.length).toBeGreaterThan(0)
  })

  test('does not pause where the host cannot wait', () => {
    const { host } = slowHost()
    host.sleep = () => undefined
    expect(activate(COUNTING(100_000), host).callFunction(0, [])).toBe(100_000)
  })

  test('ends when the pause does: the host has stopped it', async () => {
    const { host } = slowHost()
    const stopped = new Error('stopped')
    host.sleep = () => Promise.reject(stopped)
    await expect(activate(ENDLESS, host).runMain()).rejects.toBe(stopped)
  })
})

describe('activations', () => {
  test('never share globals', () => {
    const program = Program.link(
      assemble(
        'fun main\n GET_GLOBAL n\n OR first\n CONST "fresh"\n first:\n CONST "used"\n SET_GLOBAL n\n RETURN',
      ),
    )
    const [a, b] = [program.activate(new RecordingHost()), program.activate(new RecordingHost())]
    expect(a.callFunction(0, [])).toBe('fresh')
    expect(a.callFunction(0, [])).toBe('used')
    expect(b.callFunction(0, [])).toBe('fresh')
    expect(a.global('n')).toBe('used')
    expect(a.global('unknown')).toBeUndefined()
  })
})
