/** Natives about agents: all of it is the host's business. */
import { AgentValue } from '../values/value.ts'
import { asksHost, type Native } from './native.ts'

export const AGENTS: readonly Native[] = [
  asksHost('spawn(agent, task)', 'Gives one task to an agent, by name; its answer.', (call) => {
    const agent = call.value(0)
    return call.host.spawn(agent instanceof AgentValue ? agent.name : call.text(0), call.text(1))
  }),
  asksHost(
    'dag_execute(nodes)',
    'Runs tasks {id, agent, task, depends_on} in the order of their dependencies; a map id to answer.',
    (call) => call.host.dagExecute(call.list(0)),
  ),
  asksHost('memory_search(query, top_k?)', 'List of {file_path, chunk, score}, best first.', (call) =>
    call.host.memorySearch(call.text(0), call.given(1) ? call.size(1) : null),
  ),
  asksHost('session_history(key?, limit?)', 'List of {role, content} of a session, oldest first.', (call) =>
    call.host.sessionHistory(call.given(0) ? call.text(0) : 'default', call.given(1) ? call.size(1) : null),
  ),
]
