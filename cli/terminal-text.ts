import { stripVTControlCharacters } from 'node:util'
import { visible } from '../agents/ports/confirmations.ts'

/**
 * A line that a model, a command or a file of the workspace wrote, as it may go to a terminal: without its colours, and with
 * every other control character written out, so that it neither moves the cursor nor looks like a line of ours.
 */
export const terminalText = (line: string): string => visible(stripVTControlCharacters(line))
