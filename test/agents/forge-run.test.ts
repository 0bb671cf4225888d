import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { runForge } from '../../agents/forge/run.ts'
import { ForgePlace, taskOf, text, VERIFY_THROWS, writeFile } from './forge-world.ts'

const PLAN = '# plan.txt\nfirst task\nsecond task\nthird task\n'
const planned = { files: { 'plan.txt': PLAN, 'prompt.md': 'Build it well.' } }

describe('a run', () => {
  test('does the tasks of the plan in order and completes', async () => {
    const place = new ForgePlace(planned)
    const outcome = await runForge(place.boot(), 'Builder')
    expect(outcome).toMatchObject({
      outcome: 'completed',
      message: 'All 3 tasks verified successfully.',
      iterations: 3,
      tasksCompleted: 3,
      tasksTotal: 3,
      totalTokens: 720,
    })
    expect(outcome.totalCost).toBeCloseTo(6 * (100 * 2.5 + 20 * 10) * 1e-6)
    expect(place.lines('progress.jsonl')).toEqual(
      ['first task', 'second task', 'third task'].map((task, index) =>
        expect.objectContaining({ task, status: 'done', iteration: index + 1, tokens: 240 }),
      ),
    )
    expect(place.read('second task.txt')).toBe('content')
  })

  test('gives every iteration a fresh context', async () => {
    const place = new ForgePlace(planned)
    await runForge(place.boot(), 'Builder')
    expect(
      place.requests
        .filter(({ messages }) => messages.at(-1)!.role !== 'tool')
        .map(({ messages }) => messages),
    ).toEqual([
      [
        { role: 'system', content: 'You are a code builder.' },
        { role: 'user', content: 'Build it well.' },
        { role: 'user', content: 'Current task: first task' },
        { role: 'user', content: 'No tasks completed yet.' },
      ],
      [
        { role: 'system', content: 'You are a code builder.' },
        { role: 'user', content: 'Build it well.' },
        { role: 'user', content: 'Current task: second task' },
        { role: 'user', content: 'Completed tasks: first task (iteration 1)' },
      ],
      [
        { role: 'system', content: 'You are a code builder.' },
        { role: 'user', content: 'Build it well.' },
        { role: 'user', content: 'Current task: third task' },
        { role: 'user', content: 'Completed tasks: first task (iteration 1); second task (iteration 2)' },
      ],
    ])
  })

  test('feeds a Retry back and counts the tries of the task', async () => {
    const place = new ForgePlace({
      ...planned,
      verify: ({ current_task, attempt }) =>
        current_task === 'second task' && attempt < 3 ? 'not yet' : true,
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', iterations: 5 })
    expect(place.contexts.map(({ iteration, attempt, feedback }) => [iteration, attempt, feedback])).toEqual([
      [1, 1, null],
      [2, 1, null],
      [3, 2, 'not yet'],
      [4, 3, 'not yet'],
      [5, 1, null],
    ])
    expect(place.requests.filter(({ messages }) => messages.at(-1)!.content === 'not yet')).toHaveLength(2)
    expect(place.lines('progress.jsonl')[1]).toMatchObject({ task: 'second task', iteration: 4, tokens: 720 })
  })

  test('shows verify the whole context', async () => {
    const place = new ForgePlace(planned)
    await runForge(place.boot(), 'Builder')
    expect(place.contexts[1]).toEqual({
      iteration: 2,
      current_task: 'second task',
      feedback: null,
      total_cost: expect.closeTo(0.0018),
      total_tokens: 480,
      workspace: place.workspace,
      attempt: 1,
    })
  })

  test('without a plan is one task', async () => {
    const place = new ForgePlace({
      loop: { planFile: null, promptFile: null },
      verify: ({ iteration }) => iteration === 2,
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'completed',
      message: 'All tasks verified',
      iterations: 2,
      tasksCompleted: 1,
      tasksTotal: 1,
    })
    expect(place.contexts[0]).toMatchObject({ current_task: '' })
    expect(taskOf(place.requests[0]!)).toBe('Complete the work described above.')
  })

  test('with a plan file that does not exist is one task too, and says so', async () => {
    const place = new ForgePlace()
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', tasksTotal: 1 })
    expect(place.warnings).toContain('Builder: plan file plan.txt does not exist: running as a single task')
  })

  test.each<[string, (place: ForgePlace) => void, object]>([
    ['is a folder', (place) => place.write('plan.txt/x', ''), { code: 'path_refused' }],
    [
      'is a link',
      (place) => symlinkSync('/etc/hosts', join(place.workspace, 'plan.txt')),
      { code: 'path_refused' },
    ],
    ['is too large', (place) => place.write('plan.txt', 'task\n'.repeat(300_000)), { code: 'path_refused' }],
    ['has no task', (place) => place.write('plan.txt', '# none\n'), { code: 'plan_invalid' }],
  ])('with a plan that %s is refused before the first model call', async (_what, make, fault) => {
    const place = new ForgePlace()
    make(place)
    await expect(runForge(place.boot(), 'Builder')).rejects.toMatchObject(fault)
    expect([place.requests, await place.boot().runs.head('Builder')]).toEqual([[], null])
  })

  test('takes up where an earlier run stopped, from the progress file', async () => {
    const place = new ForgePlace({
      files: {
        ...planned.files,
        'progress.jsonl':
          '{"task": "first task", "status": "done", "iteration": 2}\n{"iteration":3,"task":"second task","status":"completed"}\n',
      },
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'completed',
      iterations: 1,
      tasksCompleted: 3,
      tasksTotal: 3,
    })
  })

  test('has nothing to do when everything is done, and calls no model', async () => {
    const place = new ForgePlace(planned)
    await runForge(place.boot(), 'Builder')
    const calls = place.requests.length
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'completed',
      iterations: 0,
      tasksCompleted: 3,
      message: 'All 3 tasks verified successfully.',
    })
    expect(place.requests).toHaveLength(calls)
  })

  test('ends at the iteration limit', async () => {
    const place = new ForgePlace({ ...planned, verify: () => false })
    expect(await runForge(place.boot(), 'Builder', { maxIterations: 4 })).toMatchObject({
      outcome: 'max_iterations',
      message: 'Reached max iterations (4)',
      iterations: 4,
      tasksCompleted: 0,
    })
  })

  test('ends at an Abort', async () => {
    const place = new ForgePlace({ ...planned, verify: () => 'abort: the tests are broken' })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'aborted',
      message: 'the tests are broken',
      iterations: 1,
    })
    expect(place.lines('progress.jsonl')).toEqual([])
  })

  test('ends when verify fails three times in a row on one task', async () => {
    const place = new ForgePlace({ ...planned, verify: () => VERIFY_THROWS })
    const outcome = await runForge(place.boot(), 'Builder')
    expect(outcome).toMatchObject({ outcome: 'aborted', iterations: 3 })
    expect(outcome.message).toMatch(/^verify failed 3 times in a row: Verify error: /)
  })

  test('goes on after verify failed twice', async () => {
    const place = new ForgePlace({ ...planned, verify: (_, call) => (call < 3 ? VERIFY_THROWS : true) })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', iterations: 5 })
  })

  test('nudges after three equal failures, and aborts only when told to', async () => {
    const place = new ForgePlace({ ...planned, verify: () => 'same', loop: { stuckAbort: 4 } })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'aborted',
      message: 'stuck: 4 tries in a row ended the same way: same',
      iterations: 4,
    })
    expect(
      place.requests.at(-1)!.messages.some(({ content }) => content.includes('different approach')),
    ).toBe(true)
  })

  test('reads plan, prompt and learnings afresh for each iteration', async () => {
    const place: ForgePlace = new ForgePlace({
      ...planned,
      verify: ({ iteration }) => {
        if (iteration === 1) {
          place.write('plan.txt', 'first task\nanother task\n')
          place.write('prompt.md', 'Build it better.')
          place.write('learnings.jsonl', '{"learning": "from verify"}\n')
        }
        return true
      },
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', tasksTotal: 2 })
    const second = place.requests.find((request) => taskOf(request) === 'another task')!
    expect(second.messages.map(({ content }) => content)).toEqual(
      expect.arrayContaining(['Build it better.', 'Learnings: - from verify']),
    )
  })

  test('keeps what the model marks as learned', async () => {
    const place = new ForgePlace({
      ...planned,
      model: (_, call) => text(`LEARNING: use ESM\nLEARNING: call ${call}`),
    })
    await runForge(place.boot(), 'Builder')
    expect(place.lines('learnings.jsonl')).toEqual([
      { learning: 'use ESM', iteration: 1, task: 'first task' },
      { learning: 'call 1', iteration: 1, task: 'first task' },
      { learning: 'call 2', iteration: 2, task: 'second task' },
      { learning: 'call 3', iteration: 3, task: 'third task' },
    ])
  })

  test.each<[string, (place: ForgePlace) => void, RegExp]>([
    ['is damaged', (place) => place.write('learnings.jsonl', '{"learning": "a"}\n{"lea\0'), /^$/],
    [
      'has grown too large',
      (place) => place.write('learnings.jsonl', `{"learning": "${'x'.repeat(100)}"}\n`.repeat(50_000)),
      /learnings file learnings\.jsonl is left out: /,
    ],
    [
      'is a link',
      (place) => symlinkSync('/etc/hosts', join(place.workspace, 'learnings.jsonl')),
      /learnings file learnings\.jsonl is left out: /,
    ],
  ])('goes on when its learnings file %s, although there is more to learn', async (_what, make, warning) => {
    const place = new ForgePlace({
      ...planned,
      model: (request) =>
        request.messages.at(-1)!.role === 'tool'
          ? text('LEARNING: one more thing')
          : writeFile(`${taskOf(request)}.txt`, 'content'),
    })
    make(place)
    const world = place.boot()
    expect(await runForge(world, 'Builder')).toMatchObject({ outcome: 'completed', tasksCompleted: 3 })
    const warnings = (await world.runs.head('Builder'))!.warnings.filter((line) => line.includes('learnings'))
    expect(warnings.join()).toMatch(warning)
  })

  const MIB = 1024 * 1024
  const huge = (line: string, bytes: number) => `${line}\n`.repeat(Math.ceil(bytes / (line.length + 1)))
  const EARLIER = '{"task": "of another plan", "status": "done"}'

  test.each<[string, (place: ForgePlace) => void, readonly RegExp[]]>([
    [
      'is flipped in some of its bytes',
      (place) => {
        const bytes = Buffer.from(place.read('progress.jsonl') ?? '')
        for (const at of [0, 20, bytes.length - 1]) bytes[at]! ^= 0xff
        writeFileSync(join(place.workspace, 'progress.jsonl'), bytes)
      },
      [/was changed while iteration 2 worked/, /1 line could not be read/],
    ],
    [
      'grows to 50 MB',
      (place) => place.write('progress.jsonl', huge(EARLIER, 50 * MIB)),
      [
        /was changed while iteration 2 worked/,
        /lacks the line of iteration 2: it would have \d+ bytes; at most 5242880 are written/,
        /is left out: its first \d+ bytes, all but the newest lines/,
        /lacks the line of iteration 3/,
      ],
    ],
    [
      'becomes one line of 50 MB',
      (place) => place.write('progress.jsonl', 'x'.repeat(50 * MIB)),
      [/1 line could not be read/, /lacks the line of iteration 3/],
    ],
    [
      'becomes a link',
      (place) => {
        rmSync(join(place.workspace, 'progress.jsonl'))
        symlinkSync('/etc/hosts', join(place.workspace, 'progress.jsonl'))
      },
      [
        /is left out: it is a symbolic link/,
        /lacks the line of iteration 2: it is a symbolic link/,
        /lacks the line of iteration 3/,
      ],
    ],
    [
      'becomes a folder',
      (place) => {
        rmSync(join(place.workspace, 'progress.jsonl'))
        mkdirSync(join(place.workspace, 'progress.jsonl'))
      },
      [/lacks the line of iteration 3/],
    ],
  ])(
    'completes with warnings when its progress file %s in the middle of it',
    async (_what, harm, warnings) => {
      const place: ForgePlace = new ForgePlace({
        ...planned,
        model: (_, call) => {
          if (call === 2) harm(place)
          return text('Done.')
        },
      })
      const world = place.boot()
      expect(await runForge(world, 'Builder')).toMatchObject({ outcome: 'completed', tasksCompleted: 3 })
      const told = (await world.runs.head('Builder'))!.warnings.filter((line) =>
        line.startsWith('progress file progress.jsonl'),
      )
      for (const warning of warnings) expect(told).toContainEqual(expect.stringMatching(warning))
    },
  )

  test('appends to a progress file that is longer than what is read of it while a run goes on', async () => {
    const place = new ForgePlace(planned)
    place.write('progress.jsonl', huge(EARLIER, 2 * MIB))
    const before = place.lines('progress.jsonl').length
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', iterations: 3 })
    expect(
      place
        .lines('progress.jsonl')
        .slice(before)
        .map(({ task }) => task),
    ).toEqual(['first task', 'second task', 'third task'])
  })

  test('does not start over a progress file of which only a part could be read, and says what to do', async () => {
    const place = new ForgePlace(planned)
    place.write('progress.jsonl', huge(EARLIER, 50 * MIB))
    const world = place.boot()
    await expect(runForge(world, 'Builder')).rejects.toMatchObject({
      code: 'path_refused',
      data: {
        path: 'progress.jsonl',
        problem: expect.stringMatching(
          /^it has \d+ bytes; at most 5242880 are read: keep the lines of tasks that are done, or move it away to do all of them again$/,
        ),
      },
    })
    expect(await world.runs.head('Builder')).toBeNull()
  })

  test('gives the model the newest learnings of a file of 50 MB, and warns that it can add none', async () => {
    const place = new ForgePlace({ ...planned, model: () => text('LEARNING: one more thing') })
    place.write('learnings.jsonl', `${huge('{"learning": "old"}', 50 * MIB)}{"learning": "newest"}\n`)
    const world = place.boot()
    expect(await runForge(world, 'Builder')).toMatchObject({ outcome: 'completed', tasksCompleted: 3 })
    expect(place.requests[0]!.messages.at(-1)!.content).toBe('Learnings: - old\n- newest')
    const { warnings } = (await world.runs.head('Builder'))!
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /^learnings file learnings\.jsonl lacks what iteration 1 learned: it would have \d+ bytes; at most/,
      ),
    )
  })

  test('does not let the model write its own plan or progress', async () => {
    const place = new ForgePlace({
      ...planned,
      model: (request) =>
        request.messages.at(-1)!.role === 'tool' ? text('Done.') : writeFile('./progress.jsonl', 'done'),
    })
    await runForge(place.boot(), 'Builder', { maxIterations: 1 })
    expect(place.requests[1]!.messages.at(-1)!.content).toContain('read-only')
    expect(place.lines('progress.jsonl')).toHaveLength(1)
  })

  test('reports changes of the plan by commands, and foreign progress lines', async () => {
    const place: ForgePlace = new ForgePlace({
      ...planned,
      model: (_, call) => {
        if (call === 1) place.write('plan.txt', `${PLAN}fourth task\n`)
        if (call === 1) place.write('progress.jsonl', '{"task": "third task", "status": "done"}\n')
        return text('Done.')
      },
    })
    const world = place.boot()
    expect(await runForge(world, 'Builder')).toMatchObject({ outcome: 'completed', iterations: 4 })
    expect((await world.runs.head('Builder'))!.warnings).toEqual([
      'plan file plan.txt was changed while iteration 1 worked',
      'progress file progress.jsonl was changed while iteration 1 worked',
      'progress file progress.jsonl: 1 line written by others during the run ignored',
    ])
  })

  test('turns a blocked answer into feedback', async () => {
    const place = new ForgePlace({
      ...planned,
      model: (_, call) => text(call === 1 ? 'the secret is out' : 'Done.'),
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', iterations: 4 })
    expect(place.contexts[0]).toMatchObject({
      iteration: 2,
      attempt: 2,
      feedback: 'answer blocked by guard NoSecrets',
    })
  })

  test('is aborted when its agent is disabled', async () => {
    const place = new ForgePlace({
      ...planned,
      model: async (_, call) => {
        if (call === 2) {
          await world.killSwitch.set('Builder', { disabled: true, reason: 'runaway', by: 'admin', at: null })
        }
        return text('Done.')
      },
    })
    const world = place.boot()
    expect(await runForge(world, 'Builder')).toMatchObject({
      outcome: 'aborted',
      message: 'agent Builder is disabled: runaway',
      iterations: 2,
    })
  })

  test('ends as an error when the plan is removed', async () => {
    const place: ForgePlace = new ForgePlace({
      ...planned,
      verify: () => {
        place.write('plan.txt', '')
        return false
      },
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'error',
      message: 'plan plan.txt cannot be used: it has no tasks',
    })
  })

  test('writes audit records of its start and its end', async () => {
    const place = new ForgePlace(planned)
    await runForge(place.boot(), 'Builder')
    expect(place.audit.map(({ event }) => event)).toEqual([
      'forge.start',
      ...Array.from({ length: 3 }, () => ['tool.call', 'exec', 'forge.iteration']).flat(),
      'forge.end',
    ])
  })
})

describe('the limits of a run', () => {
  test('end it before a call that may pass max_tokens', async () => {
    const place = new ForgePlace({ ...planned, verify: () => false })
    const outcome = await runForge(place.boot(), 'Builder', { maxTokens: 1000 })
    expect(outcome).toMatchObject({ outcome: 'budget_exhausted', tasksCompleted: 0 })
    expect(outcome.totalTokens).toBeLessThanOrEqual(1000)
  })

  test('hold for max_cost, and cut the output asked for', async () => {
    const place = new ForgePlace({
      ...planned,
      verify: () => false,
      model: ({ maxOutputTokens }) => text('Done.', { inputTokens: 50, outputTokens: maxOutputTokens! }),
    })
    const outcome = await runForge(place.boot(), 'Builder', { maxCost: 0.05 })
    expect(outcome.outcome).toBe('budget_exhausted')
    expect(outcome.totalCost).toBeLessThanOrEqual(0.05)
    expect(outcome.totalCost).toBeGreaterThan(0.045)
  })

  test('are those of a declared budget too', async () => {
    const budgets = [{ name: 'Small', apiCalls: 3, tokens: null, costUsd: null, reset: 'daily' }] as const
    const place = new ForgePlace({ ...planned, budgets, agent: { budget: 'Small' } })
    const outcome = await runForge(place.boot(), 'Builder')
    expect(outcome).toMatchObject({ outcome: 'budget_exhausted', tasksCompleted: 1, iterations: 2 })
    expect(outcome.message).toContain('budget Small is exhausted (api_calls: 3 of 3)')
  })
})
