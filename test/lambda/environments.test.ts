// What becomes of a function's process on Lambda: frozen between invocations, or ended in the middle of one.
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type ExecutionEnvironment, executionEnvironment } from '../support/execution-environment.ts'
import { imageVariables, type LambdaImage, lambdaImage, mounted } from '../support/lambda-image.ts'
import { type OpenAIServer, startOpenAIServer } from '../support/openai-server.ts'
import { gatewayEvent } from '../support/system.ts'
import { until } from '../support/until.ts'

const KEY = 'key-of-the-environment-tests'
const environments: ExecutionEnvironment[] = []

describe('an execution environment', () => {
  let image: LambdaImage
  let model: OpenAIServer
  let mount: string
  beforeAll(async () => {
    image = await lambdaImage('examples/agents.neam', KEY)
    model = await startOpenAIServer()
  }, 60_000)
  beforeEach(async () => {
    mount = mounted()
    const made = await started('tree-init.handler', { NEAM_TREE: 'create' })
    expect(await made.invoke({})).toEqual({ tree: 'ready' })
  })
  afterAll(() => {
    for (const environment of environments) environment.close()
  })

  async function started(handler: string, env: Readonly<Record<string, string>> = {}) {
    const taskRoot = join(image.directory, 'lambda')
    const environment = await executionEnvironment({
      taskRoot,
      handler,
      env: {
        ...imageVariables(taskRoot),
        NEAM_BYTECODE: join(image.directory, 'bytecode'),
        NEAM_SESSIONS_DIR: join(mount, 'sessions'),
        NEAM_WORKSPACE_DIR: join(mount, 'workspace'),
        NEAM_STATE_DIR: join(mount, 'state'),
        NEAM_TREE: 'require',
        NEAM_API_KEY: KEY,
        OPENAI_API_KEY: 'key-of-the-model',
        OPENAI_BASE_URL: model.url,
        ...env,
      },
    })
    environments.push(environment)
    return environment
  }

  const session = (key: string) => `/api/v1/claw/support_bot/sessions/${key}`
  const headers = { authorization: `Bearer ${KEY}` }
  const message = (key: string) =>
    gatewayEvent('POST', `${session(key)}/message`, { headers, body: { message: 'Hello' } })
  const answer = async (environment: ExecutionEnvironment, event: unknown) => {
    const { statusCode, body } = (await environment.invoke(event)) as { statusCode: number; body: string }
    return [statusCode, JSON.parse(body).response]
  }

  test('answers after it was frozen, though its connections were closed meanwhile', async () => {
    const api = await started('api.handler')
    model.always({ text: 'Good day' })
    expect(await answer(api, message('ada'))).toEqual([200, 'Good day'])
    const before = model.connections.total
    model.dropConnections()
    await until(() => model.connections.open === 0)
    expect(await answer(api, message('ada'))).toEqual([200, 'Good day'])
    expect(model.connections.total).toBe(before + 1)
  }, 30_000)

  test('that is ended in the middle of a turn keeps the next one from no other session', async () => {
    const api = await started('api.handler')
    model.script({ fault: 'hang' })
    const before = model.requests.length
    const cut = expect(api.invoke(message('ada'))).rejects.toThrow('the process ended (SIGKILL)')
    await until(() => model.requests.length > before)
    api.kill()
    await cut

    model.always({ text: 'Good day' })
    const next = await started('api.handler')
    expect(await answer(next, message('bob'))).toEqual([200, 'Good day'])
    const history = gatewayEvent('GET', `${session('ada')}/history`, { headers })
    const { statusCode } = (await next.invoke(history)) as { statusCode: number }
    expect([statusCode, model.requests.length]).toEqual([200, before + 2])
  }, 30_000)
})
