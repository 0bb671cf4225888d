import { describe, expect, test } from '@jest/globals'
import { readSettings } from '../../runtime/settings.ts'

const read = (environment: Record<string, string>) => readSettings(environment, '/home/ada')

describe('directories', () => {
  test('lie in .neam of the current directory unless they are set', () => {
    expect(read({})).toMatchObject({
      sessionsDir: '/home/ada/.neam/sessions',
      stateDir: '/home/ada/.neam/state',
      workspaceDir: null,
      tree: 'create',
    })
  })

  test('state lies beside sessions that are set, and relative ones resolve against the current directory', () => {
    expect(read({ NEAM_SESSIONS_DIR: 'data', NEAM_WORKSPACE_DIR: '/work' })).toMatchObject({
      sessionsDir: '/home/ada/data',
      stateDir: '/home/ada/data/.state',
      workspaceDir: '/work',
    })
  })
})

describe('on Lambda', () => {
  test('production rules hold and keys come from Secrets Manager', () => {
    expect(
      read({ AWS_LAMBDA_FUNCTION_NAME: 'Api', NEAM_SECRET_ARN: 'arn:a, arn:b', NEAM_TREE: 'require' }),
    ).toMatchObject({
      production: true,
      onLambda: true,
      secretArns: ['arn:a', 'arn:b'],
      tree: 'require',
    })
  })

  test('under sam local invoke keys come from the environment and the tree is made', () => {
    expect(
      read({
        AWS_LAMBDA_FUNCTION_NAME: 'Api',
        AWS_SAM_LOCAL: 'true',
        NEAM_SECRET_ARN: 'arn:a',
        NEAM_TREE: 'require',
      }),
    ).toMatchObject({ production: false, onLambda: false, secretArns: [], tree: 'create' })
  })
})

test.each([
  [{ NEAM_TREE: 'maybe' }, 'NEAM_TREE must be "create" or "require", got "maybe"'],
  [{ NEAM_COMMAND_ISOLATION: 'none' }, 'NEAM_COMMAND_ISOLATION must be "best" or "require", got "none"'],
  [{ NEAM_COMMAND_MEMORY: '2GB' }, 'NEAM_COMMAND_MEMORY must be a whole number from 1 to 999999, got "2GB"'],
  [
    { NEAM_COMMAND_PROCESSES: '0' },
    'NEAM_COMMAND_PROCESSES must be a whole number from 1 to 999999, got "0"',
  ],
  [
    { NEAM_COMMAND_FILE_SIZE: '-1' },
    'NEAM_COMMAND_FILE_SIZE must be a whole number from 1 to 999999, got "-1"',
  ],
  [{ NEAM_OFFLINE: 'perhaps' }, 'NEAM_OFFLINE must be "1" or "0", got "perhaps"'],
  [{ NEAM_AUDIT_SINK: 'paper' }, 'NEAM_AUDIT_SINK must be "stderr", "file", "json" or "none", got "paper"'],
  [{ NEAM_AUDIT_SINK: 'file' }, 'the audit sink "file" needs a path: --audit-log PATH or NEAM_AUDIT_LOG'],
  [{ NEAM_POOL_SIZE: '129' }, 'NEAM_POOL_SIZE must be a whole number from 1 to 128, got "129"'],
  [{ NEAM_LLM_POOL_SIZE: '257' }, 'NEAM_LLM_POOL_SIZE must be a whole number from 1 to 256, got "257"'],
  [
    { NEAM_WRONG_KEY_LIMIT: 'none' },
    'NEAM_WRONG_KEY_LIMIT must be a whole number from 1 to 999999, got "none"',
  ],
  [{ NEAM_MAX_TOOL_STEPS: 'many' }, 'NEAM_MAX_TOOL_STEPS must be a whole number from 1 to 1000, got "many"'],
  [
    { OPENAI_BASE_URL: 'localhost:8000/v1' },
    'OPENAI_BASE_URL must be an http or https URL, got "localhost:8000/v1"',
  ],
  [{ ANTHROPIC_BASE_URL: 'ftp://x' }, 'ANTHROPIC_BASE_URL must be an http or https URL, got "ftp://x"'],
  [{ NEAM_RATE_LIMIT: '0' }, 'NEAM_RATE_LIMIT must be a whole number from 1 to 999999, got "0"'],
  [
    { NEAM_CONCURRENT_REQUESTS: '2.5' },
    'NEAM_CONCURRENT_REQUESTS must be a whole number from 1 to 999999, got "2.5"',
  ],
])('%j is refused by name', (environment, message) => {
  expect(() => read(environment)).toThrow(message)
})

test('limits of commands are those that are set, in bytes where the setting is in MiB', () => {
  expect(read({}).commandLimits).toEqual({ memoryBytes: null, fileBytes: null, processes: null })
  expect(read({ NEAM_COMMAND_MEMORY: '2048', NEAM_COMMAND_PROCESSES: '100' }).commandLimits).toEqual({
    memoryBytes: 2048 * 1024 * 1024,
    fileBytes: null,
    processes: 100,
  })
})

describe('traces', () => {
  const URL = 'http://127.0.0.1:4318'
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: URL }

  test.each<Record<string, string>>([
    {},
    { OTEL_SERVICE_NAME: 'desk', OTEL_TRACES_SAMPLER: 'nonsense' },
    { ...on, OTEL_SDK_DISABLED: 'TRUE' },
    { ...on, OTEL_TRACES_EXPORTER: 'none' },
  ])('are off with %j', (environment) => {
    expect(read(environment).tracing).toBeNull()
  })

  test.each<[Record<string, string>, object]>([
    [on, { url: `${URL}/v1/traces`, protocol: 'http/protobuf', capturesContent: false }],
    [on, { sampler: { parentBased: true, ratio: 1 } }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${URL}/otlp/` }, { url: `${URL}/otlp/v1/traces` }],
    [{ ...on, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${URL}/mine` }, { url: `${URL}/mine` }],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, { url: 'http://localhost:4318/v1/traces' }],
    [{ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, { protocol: 'http/json' }],
    [
      { ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
      { protocol: 'http/json' },
    ],
    [{ ...on, OTEL_TRACES_SAMPLER: 'always_off' }, { sampler: { parentBased: false, ratio: 0 } }],
    [
      { ...on, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { sampler: { parentBased: true, ratio: 0.25 } },
    ],
    [{ ...on, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'True' }, { capturesContent: true }],
  ])('with %j are %j', (environment, expected) => {
    expect(read(environment).tracing).toMatchObject(expected)
  })

  test.each<[Record<string, string>, string]>([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL, got "collector:4318"',
    ],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER must be "otlp" or "none", got "zipkin"'],
    [
      { ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'OTEL_EXPORTER_OTLP_PROTOCOL must be "http/protobuf" or "http/json", got "grpc"',
    ],
    [
      { ...on, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' },
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got "2"',
    ],
    [
      { ...on, OTEL_TRACES_SAMPLER: 'jaeger_remote' },
      'OTEL_TRACES_SAMPLER must be "always_on", "parentbased_always_on", "always_off", "parentbased_always_off", "traceidratio" or "parentbased_traceidratio", got "jaeger_remote"',
    ],
    [
      { ...on, OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'yes' },
      'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT must be "true", "false", "span_only", "span_and_event", "event_only" or "no_content", got "yes"',
    ],
  ])('with %j are refused', (environment, message) => {
    expect(() => read(environment)).toThrow(message)
  })
})
