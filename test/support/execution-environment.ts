import { spawn } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from './server.ts'

/** One execution environment of a Lambda function: a process under a runtime, which is frozen between its invocations. */
export interface ExecutionEnvironment {
  /** What the handler answers. Rejects with what it threw, or when the process ended. */
  invoke(event: unknown): Promise<unknown>
  /** Ends the process at once, whatever it does. */
  kill(): void
  close(): void
}

/** Lambda's runtimes start Node with these. */
const FLAGS = ['--expose-gc', '--no-experimental-require-module', '--no-experimental-detect-module']
const RUNTIME = join(ROOT, 'scripts/compile-cache/runtime.ts')
const TIME_MS = 29_000

/** Starts a function of the bundles at `taskRoot`; `handler` is `file.export`. */
export async function executionEnvironment(options: {
  readonly taskRoot: string
  readonly handler: string
  readonly env: Readonly<Record<string, string>>
}): Promise<ExecutionEnvironment> {
  let asking = Promise.withResolvers<ServerResponse>()
  let answering = Promise.withResolvers<unknown>()
  const server = createServer(async (request, response) => {
    if (request.url?.endsWith('/next')) {
      asking.resolve(response)
      return
    }
    const body = JSON.parse(await text(request))
    response.writeHead(202).end()
    if (request.url?.endsWith('/response')) answering.resolve(body)
    else answering.reject(new Error(body.errorMessage))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const child = spawn(process.execPath, [...FLAGS, RUNTIME], {
    cwd: options.taskRoot,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      LAMBDA_TASK_ROOT: options.taskRoot,
      _HANDLER: options.handler,
      AWS_LAMBDA_FUNCTION_NAME: 'Function',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/Function',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      ...options.env,
    },
  })
  const ended = new Promise<never>((_, reject) => {
    child.on('exit', (code, signal) => reject(new Error(`the process ended (${signal ?? code})`)))
  })
  // Whoever invokes is told.
  ended.catch(() => {})
  let invocations = 0

  return {
    async invoke(event) {
      child.kill('SIGCONT')
      const response = await Promise.race([asking.promise, ended])
      asking = Promise.withResolvers()
      answering = Promise.withResolvers()
      invocations += 1
      response.writeHead(200, {
        'lambda-runtime-aws-request-id': `invocation-${invocations}`,
        'lambda-runtime-deadline-ms': String(Date.now() + TIME_MS),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:123456789012:function:Function',
      })
      response.end(JSON.stringify(event))
      try {
        return await Promise.race([answering.promise, ended])
      } finally {
        // Lambda freezes it when it asks for the next invocation.
        await Promise.race([asking.promise, ended]).catch(() => {})
        child.kill('SIGSTOP')
      }
    },
    kill: () => void child.kill('SIGKILL'),
    close() {
      child.kill('SIGKILL')
      server.closeAllConnections()
      server.close()
    },
  }
}
