import type { Value } from './value.ts'

/** Only nil and false are falsy: 0, "" and [] are true (language.md 3.2). */
export const isTrue = (value: Value): boolean => value !== null && value !== false
