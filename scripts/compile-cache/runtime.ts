// A Lambda runtime where there is no /var/runtime: `node scripts/compile-cache/runtime.ts` serves the invocations of
// AWS_LAMBDA_RUNTIME_API with the handler _HANDLER of LAMBDA_TASK_ROOT.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Lambda's runtime takes no invocation without them either. */
const NEEDED = [
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  '_HANDLER',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
]
const missing = NEEDED.filter((variable) => !process.env[variable])
if (missing.length > 0) throw new Error(`${missing.join(', ')} must be set`)
const { AWS_LAMBDA_RUNTIME_API: address = '', LAMBDA_TASK_ROOT: root = '', _HANDLER: name = '' } = process.env
const [file, exported] = name.split('.') as [string, string]
const api = `http://${address}/2018-06-01/runtime`

const loaded = await import(pathToFileURL(join(root, `${file}.mjs`)).href)
for (;;) {
  const next = await fetch(`${api}/invocation/next`)
  const id = next.headers.get('lambda-runtime-aws-request-id')
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'))
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() }
  const post = (path: string, value: unknown) =>
    fetch(`${api}/invocation/${id}/${path}`, { method: 'POST', body: JSON.stringify(value) ?? 'null' })
  try {
    await post('response', await loaded[exported](await next.json(), context))
  } catch (error) {
    await post('error', { errorMessage: String(error) })
  }
}
