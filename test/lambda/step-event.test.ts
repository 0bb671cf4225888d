// What the state machine sends to the step function, and what it must not be taken for.
import { describe, expect, test } from '@jest/globals'
import { STEP_EVENT } from '../../lambda/steps/step-event.ts'
import { validate } from '../../lambda/validate.ts'

const state = { agent: 'Builder', run: 'run1', epoch: 1, iteration: 3 }
const wait = { confirmation: 'trace1', seconds: 300 }

describe('an event of the step function', () => {
  test.each([
    [{ step: 'iterate', state }],
    [{ step: 'iterate', state: { ...state, traceparent: '00-aa-bb-00' } }],
    [{ step: 'fail', state, error: { Error: 'States.Timeout', Cause: 'late' } }],
    [{ step: 'fail', state, error: { Error: 'States.Timeout' } }],
    [{ step: 'wait', state, wait, token: 'token1' }],
  ])('is taken as it is: %j', (event) => {
    expect(validate(STEP_EVENT, event)).toEqual(event)
  })

  test('may hold what another version of the definition sends besides', () => {
    expect(validate(STEP_EVENT, { step: 'iterate', state: { ...state, shard: 2 }, attempt: 1 })).toEqual({
      step: 'iterate',
      state,
    })
  })

  test.each([
    [null, 'body: must be an object, got null'],
    [{}, "Missing 'step' field"],
    [{ step: 'dance', state }, 'step: must be "iterate", "fail" or "wait", got "dance"'],
    [{ step: 'iterate' }, "Missing 'state' field"],
    [{ step: 'iterate', state: { ...state, run: 7 } }, 'state.run: must be a string, got 7'],
    [{ step: 'iterate', state: { ...state, iteration: 0 } }, 'state.iteration: must be at least 1, got 0'],
    [{ step: 'fail', state }, "Missing 'error' field"],
    [{ step: 'wait', state, wait }, "Missing 'token' field"],
  ])('of another shape is refused, with what is wrong: %j', (event, message) => {
    expect(() => validate(STEP_EVENT, event)).toThrow(message)
  })
})
