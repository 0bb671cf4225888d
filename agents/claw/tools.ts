import { agentGate } from '../limits/agent-gate.ts'
import { isGuarded } from '../limits/guards.ts'
import { mayStripLinks } from '../links/apply.ts'
import { Fault } from '../ports/fault.ts'
import { type StepJournal, sessionJournal } from '../turn/step-journal.ts'
import { toolLoop } from '../turn/tool-loop.ts'
import { type Refusal, shorterContext } from './context.ts'
import type { BriefedTurn, WorkedTurn } from './turn.ts'
import { turnFeedsOf } from './turn-feeds.ts'

/** Stage 4: the tool-calling loop; each step is in the turn's journal before its result is used. A call that needs a
 * person's approval ends the work with `confirmation_pending`: nothing is held meanwhile, and `ask` for the same turn
 * goes on from there. A prompt that the model refuses is made shorter and tried once more. */
export async function tools(turn: BriefedTurn): Promise<WorkedTurn> {
  try {
    return await worked(turn)
  } catch (error) {
    const refusal = refusalOf(error)
    const shorter = refusal === null ? null : await shorterContext(turn, refusal)
    if (shorter === null) throw error
    const done = await worked(shorter)
    if (refusal === 'provider_refused') tellRefused(turn)
    return done
  }
}

/** Null: another prompt would fare no better. */
function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Fault)) return null
  if (error.code === 'prompt_too_long') return error.code
  return error.code === 'provider_refused' && error.data.status === BAD_REQUEST ? error.code : null
}

/** By which vendors say that something in a request is not to be had: other ones are about model, quota and the like. */
const BAD_REQUEST = 400

function tellRefused({ world, agent, ref }: BriefedTurn): void {
  world.output.warn(
    `the model refused the history of session ${ref.key} of ${agent.name}; the message was answered without it (a reset archives it and begins a new one)`,
  )
}

async function worked(turn: BriefedTurn): Promise<WorkedTurn> {
  const { world, agent, call, scene, messages, ref, id, earlier } = turn
  const work = await toolLoop({
    world,
    scene,
    messages,
    journal: told(turn, sessionJournal(world.sessions, ref, id, earlier)),
    gate: agentGate(world, agent, call, (step) => ({ kind: 'turn', ...ref, turn: id, step })),
    listenerOf: (step) => (isWithheld(turn) ? null : turnFeedsOf(world).listener(id, step)),
  }).catch(async (error: unknown) => {
    await recordWaiting(turn, error)
    throw error
  })
  return { ...turn, work }
}

/** Guards may withhold the answer, and links may be taken out of it: nobody sees a part of it before. */
const isWithheld = ({ world, agent, scene, earlier }: BriefedTurn): boolean =>
  earlier?.intent.guardsAnswer === true || isGuarded(world, agent, 'output') || mayStripLinks(world, scene)

/** The journal, whose every entry the followers of the turn are told of. */
const told = ({ world, id }: BriefedTurn, journal: StepJournal): StepJournal => ({
  ...journal,
  async begin(index) {
    await journal.begin(index)
    turnFeedsOf(world).changed(id)
  },
  async record(index, step) {
    const standing = await journal.record(index, step)
    turnFeedsOf(world).recorded(id)
    return standing
  },
})

/** So that whoever looks at the open turn sees what it waits for. */
async function recordWaiting({ world, ref, id }: BriefedTurn, error: unknown): Promise<void> {
  if (!(error instanceof Fault) || error.code !== 'confirmation_pending') return
  await world.sessions.recordWaiting(ref, id, String(error.data.trace_id))
}
