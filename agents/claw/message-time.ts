/** Time of a stored message as chapter 24.4 writes it: an ISO 8601 time, cut to the second. */
export const messageTime = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z')
