/** What a terminal would obey, but for new lines and tabs, and what would show text in another order than it has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters to be shown harmless
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * What models, users and strangers wrote, as a terminal may show it: it can neither repaint what is there nor set off
 * anything. `\u001b` stands for an escape character.
 */
export const shownText = (text: string): string => text.replaceAll('\r\n', '\n').replace(OBEYED, escaped)

/** The same, in one line. */
export const shownLine = (text: string): string => shownText(text).replace(/[\n\t]/g, escaped)
