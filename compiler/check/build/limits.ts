import type { BudgetDecl, PolicyDecl } from '../../../bytecode/manifest.ts'
import type { BudgetNode, PolicyNode } from '../../syntax/ast.ts'
import { BUDGET, POLICY } from '../schema/others.ts'
import { FieldReader } from './field-reader.ts'

/** A budget without `reset` is spent once. */
export function budgetOf({ name, fields }: BudgetNode): BudgetDecl {
  const read = new FieldReader(fields, BUDGET)
  return {
    name: name.text,
    apiCalls: read.number('api_calls'),
    tokens: read.number('tokens'),
    costUsd: read.number('cost_usd'),
    reset: read.word('reset', ['hourly', 'daily', 'weekly', 'monthly', 'never']) ?? 'never',
  }
}

export function policyOf({ name, fields }: PolicyNode): PolicyDecl {
  const read = new FieldReader(fields, POLICY)
  return {
    name: name.text,
    allow: read.names('allow'),
    deny: read.names('deny'),
    confirm: read.names('confirm'),
    defaultDeny: read.flag('default_deny') ?? false,
    tainted: read.word('tainted', ['confirm', 'deny', 'allow']) ?? 'confirm',
    links: read.has('links') ? read.names('links') : null,
  }
}
