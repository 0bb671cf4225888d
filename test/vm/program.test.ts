import { describe, expect, test } from '@jest/globals'
import type { ClawDecl, Manifest } from '../../bytecode/manifest.ts'
import type { Module } from '../../bytecode/module.ts'
import { HostError, REFUSED_AT_LOAD } from '../../vm/host.ts'
import { Program } from '../../vm/program.ts'
import { textOf } from '../../vm/values/text.ts'
import { AgentValue } from '../../vm/values/value.ts'
import { assemble, EMPTY_MANIFEST } from '../support/assemble.ts'
import { RecordingHost } from '../support/recording-host.ts'

const CLAW: ClawDecl = {
  kind: 'claw',
  name: 'Bot',
  provider: 'offline',
  model: 'm',
  system: '',
  temperature: 0.7,
  skills: [],
  guards: [],
  budget: null,
  policy: null,
  apiKeyEnv: null,
  endpoint: null,
  contextWindow: null,
  traits: [],
  channels: ['c'],
  workspace: '.',
  session: {
    idleResetMinutes: 60,
    dailyResetHour: 4,
    timezone: 'UTC',
    maxHistoryTurns: 100,
    compaction: 'auto',
  },
  lanes: [],
  semanticMemory: null,
}

const manifest: Manifest = {
  ...EMPTY_MANIFEST,
  agents: [CLAW],
  skills: [
    {
      name: 'greet',
      description: 'd',
      params: [{ name: 'name', type: 'string' }],
      impl: 1,
      sensitive: false,
      idempotent: false,
      untrusted: false,
      effects: null,
    },
  ],
}

const TEXT = `
  fun main
    GET_GLOBAL Bot
    CONST "hello"
    CALL_METHOD "ask" 1
    EMIT
    CONST "Ann"
    CALL_GLOBAL greet 1
    EMIT
    GET_GLOBAL Bot
    CALL_METHOD "health_check" 0
    EMIT
    NIL
    RETURN
  fun greet(name, missing)
    CONST "hi "
    GET_LOCAL 0
    ADD
    CONST ", "
    ADD
    GET_LOCAL 1
    ADD
    RETURN
  fun health(self)
    GET_LOCAL 0
    GET_PROPERTY "name"
    CONST " is well"
    ADD
    RETURN
  fun shadow(self)
    CONST "never called"
    RETURN`

const MODULE: Module = assemble(TEXT, {
  manifest,
  globals: [
    { name: 'Bot', is: 'agent' },
    { name: 'greet', is: 'skill' },
  ],
  impls: [{ target: 'Bot', traits: ['Monitorable'], methods: { health_check: 2, ask: 3 } }],
})

describe('an activation', () => {
  test('asks the host for the methods of agents before it looks at impl methods', () => {
    const host = new RecordingHost()
    const activation = Program.link(MODULE).activate(host)
    expect(activation.callMethod('Bot', 'health_check', [])).toBe('Bot is well')
    expect(() => activation.runMain()).toThrow('greet takes 2 arguments, got 1')
    expect(host.lines).toEqual(['Bot on hello'])
  })

  test('calls skills by the names of their parameters, nil for those that are missing', () => {
    const activation = Program.link(MODULE).activate(new RecordingHost())
    expect(activation.callSkill('greet', new Map([['name', 'Ann']]))).toBe('hi Ann, nil')
    expect(() => activation.callSkill('unknown', new Map())).toThrow('there is no skill unknown')
  })

  test('tells which methods an agent has', () => {
    const activation = Program.link(MODULE).activate(new RecordingHost())
    expect(activation.hasMethod('Bot', 'health_check')).toBe(true)
    expect(activation.hasMethod('Bot', 'toString')).toBe(false)
    expect(activation.hasMethod('Nobody', 'health_check')).toBe(false)
    expect(() => activation.callMethod('Bot', 'metrics', [])).toThrow('Bot has no method metrics')
  })

  test('knows its globals by name', () => {
    const activation = Program.link(MODULE).activate(new RecordingHost())
    expect(textOf(activation.global('Bot')!)).toBe('<claw agent Bot>')
    expect(textOf(activation.global('greet')!)).toBe('<skill greet>')
  })

  test('an unknown method of an agent is an error that names it', () => {
    const module = assemble(
      'fun main(agent)\n GET_LOCAL 0\n CALL_METHOD "fly" 0\n RETURN\nfun start\n NIL\n RETURN',
    )
    const activation = Program.link({ ...module, main: 1 }).activate(new RecordingHost())
    expect(() => activation.callFunction(0, [new AgentValue('claw', 'Bot')])).toThrow(
      'agent Bot has no method fly',
    )
  })
})

describe('loading', () => {
  const LOADED = assemble(
    `
    fun main
      CONST "main"
      EMIT
      NIL
      RETURN
    fun first
      CONST 1
      SET_GLOBAL a
      NIL
      RETURN
    fun second
      CONST 5
      SET_GLOBAL b
      CONST "t"
      SPAWN "A"
      SET_GLOBAL c
      NIL
      RETURN
    fun third
      GET_GLOBAL a
      CONST 1
      ADD
      SET_GLOBAL d
      NIL
      RETURN`,
    {
      initialisers: [
        { names: ['a'], function: 1 },
        { names: ['b', 'c'], function: 2 },
        { names: ['d'], function: 3 },
      ],
    },
  )
  const refuse = new HostError(REFUSED_AT_LOAD, 'spawn is not available while the program is loaded')

  test.each([
    ['at once', false],
    ['later', true],
  ])(
    'leaves the names of a refused initialiser nil, with one warning, when the host answers %s',
    async (_, later) => {
      const host = new RecordingHost()
      host.spawn = () => {
        if (later) return Promise.reject(refuse)
        throw refuse
      }
      const activation = Program.link(LOADED).activate(host)
      await activation.load()
      expect(['a', 'b', 'c', 'd'].map((name) => activation.global(name))).toEqual([1, null, null, 2])
      expect(host.warnings).toEqual(['b, c stays nil: spawn is not available while the program is loaded'])
      expect(host.lines).toEqual([])
    },
  )

  test('throws every other error of an initialiser', () => {
    const host = new RecordingHost()
    host.spawn = () => {
      throw new HostError('budget_exhausted', 'no money')
    }
    expect(() => Program.link(LOADED).activate(host).load()).toThrow('no money')
  })

  test('runs all initialisers at once where the host answers at once', () => {
    const activation = Program.link(LOADED).activate(new RecordingHost())
    expect(activation.load()).toBeUndefined()
    expect(activation.global('c')).toBe('A did t')
  })
})
