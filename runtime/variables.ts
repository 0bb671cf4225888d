import { AGENTS } from './variables/agents.ts'
import { KEPT } from './variables/kept.ts'
import { MODELS } from './variables/models.ts'
import { RECORDS } from './variables/records.ts'
import { SERVER } from './variables/server.ts'
import { STACK } from './variables/stack.ts'
import type { VariableGroup } from './variables/variable.ts'

export { READERS, type Reader, type Variable, type VariableGroup } from './variables/variable.ts'

/** In the order of docs/environment.md. */
export const VARIABLES: readonly VariableGroup[] = [KEPT, MODELS, AGENTS, SERVER, RECORDS, STACK]
