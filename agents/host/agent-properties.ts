import type { AgentDecl, ClawDecl, ForgeDecl } from '../../bytecode/manifest.ts'
import type { Value } from '../../vm/values/value.ts'
import type { World } from '../world.ts'

type Properties = Readonly<Record<string, Value>>

/** A readable property of an agent (language.md 9.1); undefined = it has none of that name. */
export function agentProperty(world: World, agent: string, name: string): Value | undefined {
  const decl = world.program.module.manifest.agents.find((candidate) => candidate.name === agent)
  const properties = decl ? propertiesOf(decl) : {}
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}

function propertiesOf(agent: AgentDecl): Properties {
  const common: Properties = {
    name: agent.name,
    provider: agent.provider,
    model: agent.model,
    system: agent.system,
    temperature: agent.temperature,
    skills: [...agent.skills],
    guards: [...agent.guards],
  }
  if (agent.kind === 'claw') return { ...common, ...clawProperties(agent) }
  if (agent.kind === 'forge') return { ...common, ...forgeProperties(agent) }
  return common
}

const clawProperties = (agent: ClawDecl): Properties => ({
  workspace: agent.workspace,
  compaction: agent.session.compaction,
  max_history_turns: agent.session.maxHistoryTurns,
  idle_reset_minutes: agent.session.idleResetMinutes,
  daily_reset_hour: agent.session.dailyResetHour,
  channel_names: [...agent.channels],
  lanes: new Map(
    agent.lanes.map(({ name, concurrency, priority }): [string, Value] => [
      name,
      new Map<string, Value>([
        ['concurrency', concurrency],
        ['priority', priority],
      ]),
    ]),
  ),
})

const forgeProperties = (agent: ForgeDecl): Properties => ({
  workspace: agent.workspace,
  checkpoint: agent.checkpoint,
  max_iterations: agent.loop.maxIterations,
  max_cost: agent.loop.maxCost,
  max_tokens: agent.loop.maxTokens,
})
