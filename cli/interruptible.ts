import type { Commands } from '../agents/ports/commands.ts'

/**
 * Ctrl-C while a command runs calls `stop`, so that the command's processes do not outlive ours. At all other times it
 * ends this process as it does any other, in the middle of an endless loop too: a handler would wait for the loop.
 */
export const interruptible = (commands: Commands, stop: () => void): Commands => ({
  async run(command, options) {
    process.on('SIGINT', stop)
    try {
      return await commands.run(command, options)
    } finally {
      process.off('SIGINT', stop)
    }
  },
})
