/** Names of the environment variables that the stack sets; `runtime/variables.ts` tells what each means. */
export const ENV = {
  sessionsDir: 'NEAM_SESSIONS_DIR',
  workspaceDir: 'NEAM_WORKSPACE_DIR',
  stateDir: 'NEAM_STATE_DIR',
  tree: 'NEAM_TREE',
  treeOf: 'NEAM_TREE_OF',
  secretArn: 'NEAM_SECRET_ARN',
  stateMachineArn: 'NEAM_STATE_MACHINE_ARN',
  fileSystemId: 'NEAM_FILE_SYSTEM_ID',
  sandboxFunction: 'NEAM_SANDBOX_FUNCTION',
  turnWorker: 'NEAM_TURN_WORKER',
  environment: 'NEAM_ENV',
  offline: 'NEAM_OFFLINE',
  confirmationSeconds: 'NEAM_CONFIRMATION_SECONDS',
  webhookUrl: 'NEAM_WEBHOOK_URL',
  eventBus: 'NEAM_EVENT_BUS',
  otlpEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
} as const
