/** The streaming function: answers in parts, behind a REST API. */
import { processEdge, systemOfProcess } from './process.ts'
import { streamHandler } from './stream-handler.ts'

export const handler = streamHandler({ ...processEdge(systemOfProcess()), streams: true })
