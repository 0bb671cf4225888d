import { unknownProvider } from '../../diagnostics/structure.ts'
import { PROVIDERS } from '../builtins.ts'
import type { Context } from '../rule.ts'

/** Only a warning: replay and the offline model stand in for any provider. */
export function reportUnknownProviders({ declarations, report }: Context): void {
  for (const { fields } of declarations.agents) {
    for (const { name, value } of fields) {
      if (name.text !== 'provider' || value.kind !== 'literal' || typeof value.value !== 'string') continue
      if (!PROVIDERS.includes(value.value)) report(unknownProvider(value.span, value.value, PROVIDERS))
    }
  }
}
