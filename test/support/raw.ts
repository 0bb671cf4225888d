import { connect, type Socket } from 'node:net'

/** Opens a connection to a server, for what no client would send. */
export function connection(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connect({ host: hostname, port: Number(port), allowHalfOpen: true })
}

/** What comes back on a connection until the server closes it. */
export const answered = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })

/** Sends bytes as they are and gives what comes back until the server closes. */
export function raw(url: string, text: string): Promise<string> {
  const socket = connection(url)
  socket.write(text)
  return answered(socket)
}
