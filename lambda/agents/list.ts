import * as v from 'valibot'
import { agentsOf } from '../../agents/find-agent.ts'
import type { RouteHandler } from '../edge.ts'

export const AGENTS_ANSWER = v.strictObject({
  agents: v.record(
    v.string(),
    v.strictObject({
      name: v.string(),
      provider: v.string(),
      model: v.string(),
      has_knowledge_base: v.boolean(),
    }),
  ),
})

/** GET /api/v1/agents (chapter 28.2): the stateless agents, by name. System prompts stay inside; no agent has a knowledge base. */
export const agentList: RouteHandler = async ({ system }) => {
  const { world } = await system()
  return {
    body: {
      agents: Object.fromEntries(
        agentsOf(world, 'agent').map(({ name, provider, model }) => [
          name,
          { name, provider, model, has_knowledge_base: false },
        ]),
      ),
    },
  }
}
