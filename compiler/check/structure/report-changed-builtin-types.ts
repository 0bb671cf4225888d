import { builtinTypeChanged } from '../../diagnostics/structure.ts'
import type { SealedDecl } from '../../syntax/ast.ts'
import { BUILTIN_SEALED } from '../builtins.ts'
import type { Context } from '../rule.ts'

/** The chapters print the definitions of VerifyResult and LoopOutcome: repeating them is fine, changing them is not. */
export function reportChangedBuiltinTypes({ declarations, report }: Context): void {
  for (const declared of declarations.sealed) {
    const builtin = BUILTIN_SEALED.find((type) => type.name.text === declared.name.text)
    if (builtin && written(builtin) !== written(declared)) {
      report(builtinTypeChanged(declared.name, written(builtin)))
    }
  }
}

function written({ name, variants }: SealedDecl): string {
  const parts = variants.map((variant) => {
    const fields = variant.fields.map((field) => field.text).join(', ')
    return fields === '' ? variant.name.text : `${variant.name.text}(${fields})`
  })
  return `sealed ${name.text} { ${parts.join(', ')} }`
}
