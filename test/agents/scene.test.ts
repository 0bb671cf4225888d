import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { runProgram } from '../../agents/run-program.ts'
import { openScene } from '../../agents/turn/scene.ts'
import { type Answer, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type TestWorld, type TestWorldOptions, testWorld } from '../support/world.ts'

const AGENTS = `
channel desk { type: "cli" }
agent Plain { provider: "openai" model: "gpt-4o-mini" system: "Short." }
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [desk] workspace: "bot-files" }
`

const signal = (): AbortSignal => new AbortController().signal

async function emitted(
  program: string,
  options: TestWorldOptions & { answers?: readonly Answer[] } = {},
): Promise<TestWorld> {
  const test = testWorld(program, {
    model: new ScriptedModel().answer(...(options.answers ?? [])),
    ...options,
  })
  await runProgram(test.world, { signal: signal() })
  return test
}

describe('loading a scene', () => {
  test('refuses agents, commands and files, leaves the name nil and warns once; other initialisers run', async () => {
    const t = testWorld(`
      let answer = Plain.ask("hello");
      let listing = workspace_list(".");
      let out = exec("echo hi");
      let child = spawn Plain("task");
      let greeting = "hello " + "world";
      emit "never";
      skill show { description: "d" impl() { return [answer, listing, out, child, greeting]; } }
      ${AGENTS.replace('system: "Short."', 'skills: [show]')}
    `)
    const agent = t.world.program.module.manifest.agents.find(({ name }) => name === 'Plain')!
    const scene = await openScene(t.world, {
      agent,
      depth: 1,
      workspace: null,
      deadlineAt: Infinity,
      signal: signal(),
    })
    expect(await scene.callTool('show', new Map())).toEqual([null, null, null, null, 'hello world'])
    expect(t.warnings).toHaveLength(4)
    // Another scene of the same program has nothing new to say.
    await openScene(t.world, { agent, depth: 1, workspace: null, deadlineAt: Infinity, signal: signal() })
    expect(t.warnings).toHaveLength(4)
    expect(t.warnings[0]).toContain('answer stays nil')
    expect(t.model.requests).toEqual([])
    expect(t.emitted).toEqual([])
  })
})

describe('files of a scene', () => {
  const FILES = `
    skill save { description: "d" params: { path: string } impl(path) { return workspace_write(path, "text"); } }
    skill add { description: "d" params: { path: string } impl(path) { return workspace_append(path, "more"); } }
    skill load { description: "d" params: { path: string } impl(path) { return workspace_read(path); } }
    fun check(path) { return workspace_write(path, "checked"); }
    ${AGENTS.replace('system: "Short."', 'skills: [save, add, load]')}
  `
  const open = async (agentName: string, readOnlyPaths: readonly string[] = []) => {
    const t = testWorld(FILES)
    const agent = t.world.program.module.manifest.agents.find(({ name }) => name === agentName)!
    const scene = await openScene(t.world, {
      agent,
      depth: 1,
      workspace: null,
      deadlineAt: Infinity,
      signal: signal(),
      readOnlyPaths,
    })
    return {
      t,
      scene,
      call: (skill: string, path: string) => scene.callTool(skill, new Map([['path', path]])),
    }
  }

  test('lie in the agent’s own workspace, a stateless agent’s in the common one', async () => {
    const claw = await open('Bot')
    expect(await claw.call('save', 'a/b.txt')).toBe(true)
    expect(readFileSync(join(claw.t.root, 'workspaces/bot-files/a/b.txt'), 'utf8')).toBe('text')
    const plain = await open('Plain')
    expect(await plain.call('save', 'c.txt')).toBe(true)
    expect(readFileSync(join(plain.t.root, 'workspaces/c.txt'), 'utf8')).toBe('text')
  })

  test('outside the workspace are nil and false, not errors', async () => {
    const { call } = await open('Bot')
    expect(await call('load', '../../etc/passwd')).toBeNull()
    expect(await call('save', '/tmp/x')).toBe(false)
    expect(await call('add', '../x')).toBe(false)
    expect(await call('load', 'missing.txt')).toBeNull()
  })

  test('that the loop keeps are read-only for tools, however they are spelled, and writable for callbacks', async () => {
    const { call, scene, t } = await open('Bot', ['plan.txt'])
    for (const path of ['plan.txt', './plan.txt', 'PLAN.txt']) {
      await expect(call('save', path)).rejects.toMatchObject({
        message: expect.stringContaining('read-only for tools'),
      })
      await expect(call('add', path)).rejects.toMatchObject({ kind: 'path_refused' })
    }
    expect(await call('save', 'plan2.txt')).toBe(true)
    const check = t.world.program.module.globals.find(({ name }) => name === 'check')
    expect(check).toMatchObject({ is: 'function' })
    expect(await scene.activation.call(scene.activation.global('check') ?? null, ['plan.txt'])).toBe(true)
  })
})

describe('a whole program', () => {
  test('runs its top level with files in the common workspace', async () => {
    const t = await emitted(
      'workspace_write("x.txt", "42"); emit workspace_read("x.txt"); emit workspace_list(".");',
    )
    expect(t.emitted).toEqual(['42', expect.stringContaining('x.txt')])
    expect(readFileSync(join(t.root, 'workspaces/x.txt'), 'utf8')).toBe('42')
  })

  test('lists a folder of more than 10,000 files in pages, and the log tells that there are more', async () => {
    const root = temporaryDirectory({ inMemory: true })
    mkdirSync(join(root, 'workspaces/many'), { recursive: true })
    for (let n = 10_000; n <= 20_001; n += 1) writeFileSync(join(root, `workspaces/many/${n}`), '')
    const t = await emitted(
      'let first = workspace_list("many"); emit len(first); emit workspace_list("many", first[9999]);',
      { root },
    )
    expect(t.emitted).toEqual(['10000', expect.stringMatching(/^\W*20000\W+20001\W*$/)])
    expect(t.warnings).toEqual([
      'workspace_list: many has more than the 10000 entries of one answer; workspace_list("many", "19999") goes on',
    ])
  })

  test('runs commands in its workspace with a clean environment', async () => {
    const t = await emitted('let r = exec("pwd; exit 3"); emit r.exit_code; emit r.stdout.trim();')
    expect(t.emitted).toEqual(['3', join(t.root, 'workspaces')])
    expect(t.audit).toMatchObject([{ event: 'exec', agent: null, detail: 'exit 3' }])
  })

  test('sees harmless environment variables and no secrets', async () => {
    const env = {
      HOME_TOWN: 'Rome',
      OPENAI_API_KEY: 'sk-1',
      my_secret: 's',
      AWS_REGION: 'x',
      DB_PASSWORD: 'p',
    }
    const names = Object.keys(env)
    const t = await emitted(names.map((name) => `emit env_get("${name}");`).join('\n'), { env })
    expect(t.emitted).toEqual(['Rome', 'nil', 'nil', 'nil', 'nil'])
  })

  test('reads standard input', async () => {
    const t = await emitted('emit input("? "); emit input("? ");', { input: ['line'] })
    expect(t.emitted).toEqual(['line', 'nil'])
  })

  test('reads the properties of agents', async () => {
    const t = await emitted(`${AGENTS}
      emit Bot.name + " " + Bot.model + " " + Bot.workspace + " " + Bot.compaction;
      emit Bot.channel_names;
      emit Plain.provider;`)
    expect(t.emitted).toEqual(['Bot gpt-4o-mini bot-files auto', expect.stringContaining('desk'), 'openai'])
  })

  test('catches what an agent refuses, with its code', async () => {
    const t = testWorld(`${AGENTS}
      try { Bot.ask("hi"); } catch (e) { emit e.kind + ": " + e.message; }
      try { Plain.ask(5); } catch (e) { emit e.kind + ": " + e.message; }
      try { Plain.fly(); } catch (e) { emit e.kind; }
      try { memory_search("x"); } catch (e) { emit e.kind; }`)
    await t.world.killSwitch.set('Bot', { disabled: true, reason: 'maintenance', by: 'me', at: null })
    await runProgram(t.world, { signal: signal() })
    expect(t.emitted).toEqual([
      'agent_disabled: agent Bot is disabled: maintenance',
      'type: Plain.ask: the prompt must be a string, got number 5',
      'method',
      'not_supported',
    ])
  })

  test('keeps a conversation: ask, history, reset, usage', async () => {
    const t = await emitted(
      `${AGENTS}
      emit Bot.ask("one");
      emit Bot.ask("two", "other");
      let h = Bot.history();
      emit len(h);
      emit h[0].role + " " + h[0].content + " " + h[0].ts;
      emit len(session_history());
      emit len(session_history("other", 1));
      emit Bot.session_count();
      emit Bot.active_session_count();
      emit Bot.usage().calls;
      Bot.reset();
      emit len(Bot.history());
      emit Bot.active_session_count();`,
      { answers: [says('1'), says('2')] },
    )
    expect(t.emitted).toEqual([
      '1',
      '2',
      '2',
      'user one 2026-11-21T10:00:00Z',
      '2',
      '1',
      '2',
      '2',
      '2',
      '0',
      '1',
    ])
  })

  test('asks a stateless agent afresh each time', async () => {
    const t = await emitted(`${AGENTS} emit Plain.ask("one"); emit Plain.ask("two"); emit Plain.usage();`, {
      answers: [says('1'), says('2')],
    })
    expect(t.emitted.slice(0, 2)).toEqual(['1', '2'])
    expect(t.emitted[2]).toContain('calls: 2')
    expect(t.model.lastContents).toEqual(['Short.', 'two'])
  })
})

describe('a forge agent as a value', () => {
  const BUILDER = `
    fun check(ctx) { if (ctx.attempt < 2) { return "not yet"; } return true; }
    forge agent Builder { provider: "openai" model: "gpt-4o-mini" verify: check loop: { max_iterations: 3 } }`

  test('runs its loop and answers the outcome', async () => {
    const t = await emitted(
      `${BUILDER}
      let r = Builder.run();
      emit r.outcome + " " + str(r.iterations);
      match r { Completed(m) => emit m, _ => emit "other" }`,
      { answers: [says('first try'), says('second try')] },
    )
    expect(t.emitted).toEqual(['completed 2', 'All tasks verified'])
    expect(t.model.lastContents.at(-1)).toBe('not yet')
  })

  test('answers a question outside its loop', async () => {
    const t = await emitted(`${BUILDER} emit Builder.ask("what can you do?"); emit Builder.max_iterations;`, {
      answers: [says('build')],
    })
    expect(t.emitted).toEqual(['build', '3'])
  })
})

describe('statistics of an agent', () => {
  test('count skills and latency, as chapter 24.10 reads them', async () => {
    const source = `
      channel desk { type: "cli" }
      skill escalate { description: "d" impl() { return "done"; } }
      claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [desk] skills: [escalate] }
      impl Monitorable for Bot {
        fn metrics(self) { return [self.session_count(), self.skill_call_count("escalate"), self.avg_latency_ms()]; }
      }
      Bot.ask("help");
      emit Bot.metrics();`
    const t = testWorld(source)
    t.model.answer({ toolCalls: [{ id: 'a', name: 'escalate', arguments: '{}' }] }, () => {
      t.clock.pass(1500)
      return says('ok')
    })
    await runProgram(t.world, { signal: signal() })
    expect(t.emitted).toEqual(['[1, 1, 1500]'])
  })
})

describe('agents that call agents', () => {
  const RECURSIVE = `
    channel desk { type: "cli" }
    skill deeper { description: "d" impl() { return Bot.ask("deeper"); } }
    claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [desk] skills: [deeper]
      lanes: { default: { concurrency: 1, priority: "normal" } } }
    emit Bot.ask("start");`

  test('work on their own session and lane without waiting for themselves, at most 25 deep', async () => {
    const t = testWorld(RECURSIVE)
    const dive: Answer = { toolCalls: [{ id: 'a', name: 'deeper', arguments: '{}' }] }
    t.model.answer(
      ...Array.from({ length: 25 }, () => dive),
      ...Array.from({ length: 25 }, (_, n) => says(`up ${n}`)),
    )
    await runProgram(t.world, { signal: signal() })
    const innermost = t.model.requests[25]?.messages.at(-1)
    expect(innermost).toMatchObject({
      role: 'tool',
      content: 'Tool error: agent calls are nested deeper than 25',
    })
    expect(t.emitted).toEqual(['up 24'])
    const { messages } = await t.world.sessions.open({ agent: 'Bot', key: 'default' })
    expect(messages).toHaveLength(50)
    expect(messages.at(-2)?.content).toBe('start')
  })

  test('may reset the session they are in: the answer then belongs to no history', async () => {
    const t = await emitted(
      RECURSIVE.replace('return Bot.ask("deeper");', 'Bot.reset(); return "forgotten";').replace(
        'emit Bot.ask("start");',
        'Bot.ask("first"); emit Bot.ask("second"); emit len(Bot.history());',
      ),
      { answers: [says('one'), { toolCalls: [{ id: 'a', name: 'deeper', arguments: '{}' }] }, says('two')] },
    )
    expect(t.emitted).toEqual(['two', '0'])
  })
})

test('a command gets no more time than the scene has', async () => {
  const t = testWorld('let r = exec("sleep 30"); emit r.timed_out;')
  await runProgram(t.world, { signal: signal(), deadlineAt: t.clock.now() + 200 })
  expect(t.emitted).toEqual(['true'])
})
