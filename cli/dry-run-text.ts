import type { DryRun } from '../runtime/forge-run.ts'
import { terminalText } from './terminal-text.ts'

/** A dry run as people read it. */
export const dryRunText = (dry: DryRun): string =>
  `${[
    `agent       ${dry.agent} (${dry.provider}, ${dry.model})`,
    `workspace   ${dry.workspace}${dry.workspace_exists ? '' : ' (would be made)'}`,
    `checkpoint  ${dry.checkpoint}`,
    `limits      ${dry.max_iterations} iterations, $${dry.max_cost}, ${dry.max_tokens} tokens`,
    `tasks       ${dry.tasks === null ? 'no plan: a single task' : `${dry.tasks_completed} of ${dry.tasks_total} done`}`,
    ...(dry.tasks ?? []).map(({ text, done }) => `  [${done ? 'x' : ' '}] ${terminalText(text)}`),
    `next        ${dry.next_task === null ? 'nothing: all tasks are done' : terminalText(dry.next_task) || 'the whole of the work'}`,
    `prompt      about ${dry.prompt.tokens} tokens in ${dry.prompt.messages.length} messages and ${dry.prompt.tools} tools`,
    ...dry.prompt.messages.map(({ role, tokens }) => `  ${role.padEnd(9)} ${tokens}`),
    `cost        at most $${usd(dry.first_call_cost)} for the first model call, $${dry.max_cost} in all`,
    ...dry.warnings.map((warning) => `warning     ${warning}`),
  ].join('\n')}\n`

const usd = (amount: number): string => String(Number(amount.toFixed(4)))
