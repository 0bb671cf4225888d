import { msOfIsoTime } from '../iso-time.ts'

/** Time of a stored message as chapter 24.4 writes it: an ISO 8601 time, cut to the second. */
export const messageTime = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z')

/** Milliseconds since 1970 of a stored message's time; NaN for a text that is none. */
export const msOfMessageTime = (ts: string): number => msOfIsoTime(ts.replace(/(:\d\d)Z$/, '$1.000Z'))
