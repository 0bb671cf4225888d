import { duplicateName } from '../../diagnostics/structure.ts'
import type { Name } from '../../syntax/ast.ts'
import type { Context } from '../rule.ts'
import { fieldLists } from './field-lists.ts'

/** Names that may stand only once in one list: parameters, struct fields, variants, methods, guards of a chain. */
export function reportDuplicateNames({ declarations, report }: Context): void {
  const once = (where: string, names: readonly Name[]) => {
    const seen = new Set<string>()
    for (const name of names) {
      if (seen.has(name.text) && name.text !== '_') report(duplicateName(name, where))
      seen.add(name.text)
    }
  }
  for (const { params } of declarations.callables) {
    once(
      'the parameters',
      params.map((param) => param.name),
    )
  }
  for (const { name, params, impl } of declarations.skills) {
    once(
      `the params of \`${name.text}\``,
      params.map((param) => param.name),
    )
    if (impl) once(`the impl of \`${name.text}\``, impl.params)
  }
  for (const { name, handlers } of declarations.guards) {
    once(
      `guard \`${name.text}\``,
      handlers.map((handler) => handler.event),
    )
  }
  for (const { name, guards } of declarations.guardchains) once(`guard chain \`${name.text}\``, guards)
  for (const { name, fields } of declarations.structs) {
    once(
      `struct \`${name.text}\``,
      fields.map((field) => field.name),
    )
  }
  for (const { name, variants } of declarations.sealed) {
    once(
      `sealed \`${name.text}\``,
      variants.map((variant) => variant.name),
    )
    for (const variant of variants) once(`variant \`${variant.name.text}\``, variant.fields)
  }
  const methods = Map.groupBy(
    declarations.impls.flatMap((impl) =>
      impl.methods.map(({ name }) => ({ target: impl.target.text, name })),
    ),
    ({ target }) => target,
  )
  for (const [target, declared] of methods) {
    once(
      `the methods of \`${target}\``,
      declared.map(({ name }) => name),
    )
  }
  for (const { name, methods: own } of declarations.traits) {
    once(
      `trait \`${name.text}\``,
      own.map((method) => method.name),
    )
  }
  for (const { fields } of fieldLists(declarations)) {
    for (const { name, value } of fields) if (value.kind === 'names') once(`"${name.text}"`, value.items)
  }
}
