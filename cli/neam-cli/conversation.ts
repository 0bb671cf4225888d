/** The chat of `neam-cli FILE`: lines in, answers and errors out. */
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { Chat } from '../../runtime/chat.ts'
import type { LineReader } from '../line-reader.ts'
import { shownText } from '../shown-text.ts'
import { askToDecide, howToDecide } from './confirmations.ts'

export const CHAT_COMMANDS = `  /history  show the conversation so far
  /resume   go on with messages that have no answer yet
  /compact  summarize its older part
  /reset    archive it and start afresh
  /help     show these commands
  /quit     leave (so does Ctrl-D)
`

/** A word that nobody means for the agent: a path has another slash, and a question has more words. */
const COMMAND = /^\/[a-z]+$/i

interface Terminal {
  readonly prompt: string
  readonly input: LineReader
  /** The program, as it was named. */
  readonly file: string
}

/** Until /quit or the end of the input. What goes wrong with one message is said, and the next one may come. */
export async function converse(chat: Chat, terminal: Terminal): Promise<void> {
  const open = (await chat.openTurns()).length
  if (open > 0)
    print(`(${open === 1 ? '1 message has' : `${open} messages have`} no answer yet; /resume goes on)\n`)
  for (;;) {
    const line = await terminal.input.read(terminal.prompt)
    if (line === null) return print('\n')
    const message = line.trim()
    if (message === '/quit') return
    if (message === '') continue
    try {
      await obey(chat, message, terminal)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      complain(faultText(error))
    }
  }
}

async function obey(chat: Chat, message: string, terminal: Terminal): Promise<void> {
  switch (message) {
    case '/help':
      return print(CHAT_COMMANDS)
    case '/reset':
      await chat.reset()
      return print('(a new conversation)\n')
    case '/compact':
      return print(compactedText(await interruptibly((signal) => chat.compact(signal))))
    case '/history':
      for (const { role, content } of await chat.history()) print(`${role}: ${shownText(content)}\n`)
      return
    case '/resume':
      return await resumeAll(chat, terminal)
    default: {
      if (COMMAND.test(message)) return print(`unknown command ${message}; they are:\n${CHAT_COMMANDS}`)
      const turn = chat.newTurn()
      await tellAnswer(chat, turn, terminal, (decision) => chat.ask({ turn, message, ...decision }))
    }
  }
}

/** Oldest first, until all were tried or Ctrl-C. */
async function resumeAll(chat: Chat, terminal: Terminal): Promise<void> {
  const turns = await chat.openTurns()
  if (turns.length === 0) print('(every message has its answer)\n')
  for (const { turn, message } of turns) {
    print(`user: ${shownText(message)}\n`)
    const isStopped = await tellAnswer(chat, turn, terminal, (decision) => chat.resume({ turn, ...decision }))
    if (isStopped) return
  }
}

/** Prints what a turn answers, or why it does not and what becomes of it. Answers whether Ctrl-C ended it. */
async function tellAnswer(
  chat: Chat,
  turn: string,
  { input, file }: Terminal,
  work: (decision: Omit<Parameters<Chat['resume']>[0], 'turn'>) => Promise<string>,
): Promise<boolean> {
  try {
    const text = await interruptibly((signal) => work({ signal, decideOn: askToDecide(input, signal) }))
    print(`${shownText(text)}\n`)
    return false
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    complain(`${faultText(error)}${await whatNext(chat, turn, error, file)}`)
    return error.code === 'stopped'
  }
}

/** What follows the error of a turn that stays open. */
async function whatNext(chat: Chat, turn: string, error: Fault, file: string): Promise<string> {
  if (error.code === 'confirmation_pending') return howToDecide(error, file)
  const isOpen = (await chat.openTurns()).some((open) => open.turn === turn)
  return isOpen ? '; your message is kept: /resume goes on with it, in a later chat too' : ''
}

function compactedText({ status, turnsBefore, turnsAfter }: Awaited<ReturnType<Chat['compact']>>): string {
  return status === 'compacted'
    ? `(${turnsBefore} turns are now ${turnsAfter})\n`
    : '(nothing to summarize yet)\n'
}

/** Ctrl-C while an answer is awaited ends the waiting, not the chat. */
async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const onSignal = () => stop.abort(new Fault('stopped'))
  process.on('SIGINT', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', onSignal)
  }
}

function print(text: string): void {
  process.stdout.write(text)
}

function complain(text: string): void {
  process.stderr.write(`error: ${text}\n`)
}
