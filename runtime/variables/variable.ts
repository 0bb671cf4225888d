/** Who reads a variable: one of the programs, or the functions on AWS. */
export const READERS = ['neam', 'neam-cli', 'neam-forge', 'neam-api', 'functions'] as const
export type Reader = (typeof READERS)[number]

/** Bounds, both included. */
export interface WholeNumber {
  readonly min: number
  readonly max: number
  readonly unit: string
}

/** An environment variable that has a meaning here: docs/environment.md and the help texts are written from these. */
export interface Variable {
  readonly name: string
  /** What it says, in one line without a full stop. */
  readonly meaning: string
  /** What it takes: words, or the bounds of a whole number. */
  readonly takes: string | WholeNumber
  /** What holds where it is not set; null = nothing, or the meaning says it. */
  readonly initial: string | null
  readonly readBy: readonly Reader[]
  /** The flag of the same meaning, which wins. */
  readonly flag?: string
  /** Page that tells more, under docs/. */
  readonly page?: string
  /** Told by docs/environment.md only, not by --help. */
  readonly rare?: true
}

export interface VariableGroup {
  readonly title: string
  readonly variables: readonly Variable[]
}

export const EVERYONE = READERS
export const LOCAL: readonly Reader[] = ['neam', 'neam-cli', 'neam-forge', 'neam-api']
export const SERVERS: readonly Reader[] = ['neam-api', 'functions']
export const SWITCH = '`1` or `0`'
export const TEXT = 'text'
export const DIRECTORY = 'a directory'
export const SECRET = 'a secret'
export const WEB_URL = 'an http or https URL'
export const PROTOCOLS = '`http/protobuf` or `http/json`'
export const count = (max: number, unit: string, min = 1): WholeNumber => ({ min, max, unit })
