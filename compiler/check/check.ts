import { type Diagnostic, isError, sorted } from '../diagnostics/diagnostic.ts'
import type { SourceFile } from '../source/source-file.ts'
import type { ProgramNode, Span } from '../syntax/ast.ts'
import { programOf } from './build/program.ts'
import { BUILTIN_SKILLS } from './builtins.ts'
import { type Visitor, walkCode } from './code/walk.ts'
import { collect } from './declarations.ts'
import { reportBadAssignments } from './flow/report-bad-assignments.ts'
import { reportMatchPatterns } from './flow/report-match-patterns.ts'
import { reportMissingMethods } from './flow/report-missing-methods.ts'
import { reportNamedArguments } from './flow/report-named-arguments.ts'
import { reportStrayLoopControl } from './flow/report-stray-loop-control.ts'
import { reportTraitsAsValues } from './flow/report-traits-as-values.ts'
import { reportUnknownVariants } from './flow/report-unknown-variants.ts'
import { reportVerifyParameters } from './flow/report-verify-parameters.ts'
import { reportWrongArity } from './flow/report-wrong-arity.ts'
import { reportUnknownAgentParts } from './names/report-unknown-agent-parts.ts'
import { reportUnknownGuards } from './names/report-unknown-guards.ts'
import { reportUnknownImpls } from './names/report-unknown-impls.ts'
import { reportUnknownNames } from './names/report-unknown-names.ts'
import { reportUnknownSkills } from './names/report-unknown-skills.ts'
import { reportUnknownVerify } from './names/report-unknown-verify.ts'
import type { CheckedProgram } from './program.ts'
import type { CodeRule, Rule } from './rule.ts'
import { reportAgentTraits } from './structure/report-agent-traits.ts'
import { reportChangedBuiltinTypes } from './structure/report-changed-builtin-types.ts'
import { reportChannelClashes } from './structure/report-channel-clashes.ts'
import { reportDefaults } from './structure/report-defaults.ts'
import { reportDuplicateDeclarations } from './structure/report-duplicate-declarations.ts'
import { reportDuplicateFields } from './structure/report-duplicate-fields.ts'
import { reportDuplicateNames } from './structure/report-duplicate-names.ts'
import { reportFieldValues } from './structure/report-field-values.ts'
import { reportGuardHandlers } from './structure/report-guard-handlers.ts'
import { reportMisplacedDeclarations } from './structure/report-misplaced-declarations.ts'
import { reportMisplacedFields } from './structure/report-misplaced-fields.ts'
import { reportMissingFields } from './structure/report-missing-fields.ts'
import { reportSkillParams } from './structure/report-skill-params.ts'
import { reportUnknownFields } from './structure/report-unknown-fields.ts'
import { reportUnknownProviders } from './structure/report-unknown-providers.ts'

interface Phase {
  readonly rules: readonly Rule[]
  readonly code: readonly CodeRule[]
}

/** The phases of design 2.2: all rules of one run, and the next begins only where none found an error. */
const PHASES: Readonly<Record<'structure' | 'names' | 'flow', Phase>> = {
  structure: {
    rules: [
      reportMisplacedDeclarations,
      reportDuplicateDeclarations,
      reportDuplicateNames,
      reportMisplacedFields,
      reportUnknownFields,
      reportDuplicateFields,
      reportMissingFields,
      reportFieldValues,
      reportUnknownProviders,
      reportSkillParams,
      reportGuardHandlers,
      reportChannelClashes,
      reportAgentTraits,
      reportChangedBuiltinTypes,
      reportDefaults,
    ],
    code: [],
  },
  names: {
    rules: [
      reportUnknownSkills,
      reportUnknownGuards,
      reportUnknownAgentParts,
      reportUnknownVerify,
      reportUnknownImpls,
    ],
    code: [reportUnknownNames],
  },
  flow: {
    rules: [reportMissingMethods, reportVerifyParameters],
    code: [
      reportBadAssignments,
      reportStrayLoopControl,
      reportWrongArity,
      reportNamedArguments,
      reportUnknownVariants,
      reportTraitsAsValues,
      reportMatchPatterns,
    ],
  },
}

/** A file that was parsed without an error. Its place in the list is the `file` of its spans. */
export interface ParsedFile {
  readonly source: SourceFile
  readonly program: ProgramNode
}

export interface CheckOptions {
  /** Names of the functions that the VM has. */
  readonly natives: ReadonlySet<string>
  /** sha256 (hex) over the program's source files. */
  readonly sourceHash: string
  /** In which order the files' items run, as indexes into the list; default: as listed. */
  readonly order?: readonly number[]
}

export interface Checked {
  /** null: there is an error. */
  readonly program: CheckedProgram | null
  /** Errors of one phase, and the warnings up to it, in reading order. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Checks a whole program, its own file first. */
export function check(files: readonly ParsedFile[], options: CheckOptions): Checked {
  const { natives, sourceHash, order = files.map((_, index) => index) } = options
  const declarations = collect(order.flatMap((index) => files[index]?.program ?? []))
  const diagnostics: Diagnostic[] = []
  const position = (span: Span) => files[span.file]?.source.position(span.start) ?? { line: 1, column: 1 }
  const context = {
    declarations,
    natives,
    place: (span: Span) => {
      const { line, column } = position(span)
      return `${files[span.file]?.source.name ?? ''}:${line}:${column}`
    },
    line: (span: Span) => position(span).line,
    report: (diagnostic: Diagnostic) => {
      diagnostics.push(diagnostic)
    },
  }
  const builtinSkills = new Set<string>()
  for (const { rules, code } of Object.values(PHASES)) {
    for (const rule of rules) rule(context)
    const visitors = code.map((rule) => rule(context))
    if (visitors.length > 0) walkCode(declarations, natives, [...visitors, collecting(builtinSkills)])
    if (diagnostics.some(isError)) return { program: null, diagnostics: sorted(diagnostics) }
  }
  const names = files.map(({ source }) => source.name)
  return {
    program: programOf(declarations, { files: names, sourceHash, builtinSkills }),
    diagnostics: sorted(diagnostics),
  }
}

/** Adds the built-in skills that code names. */
const collecting = (found: Set<string>): Visitor => ({
  name({ name }, { scope }) {
    if (!BUILTIN_SKILLS.has(name)) return
    const binding = scope.find(name)
    if (binding?.kind === 'skill' && binding.decl === null) found.add(name)
  },
})
