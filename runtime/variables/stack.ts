import type { VariableGroup } from './variable.ts'

/** What the stack, or Lambda itself, tells the functions. */
export const STACK: VariableGroup = {
  title: 'Set by the stack',
  variables: [
    [
      'NEAM_SECRET_ARN',
      'secrets that keys are read from: JSON objects of variables by name',
      'ARNs, comma-separated',
    ],
    ['NEAM_STATE_MACHINE_ARN', 'state machine that drives forge runs', 'an ARN'],
    ['NEAM_SANDBOX_FUNCTION', 'function that runs the commands of programs; without it none runs', 'a name'],
    ['NEAM_TURN_WORKER', 'function that goes on with long turns', 'a name'],
    ['NEAM_FILE_SYSTEM_ID', 'EFS file system that `GET /ready` asks about', 'an id'],
    ['AWS_LAMBDA_FUNCTION_NAME', 'set by Lambda: the process is a function', 'a name'],
    ['AWS_SAM_LOCAL', 'set by `sam local invoke`: a function, but not on AWS', '`true`'],
  ].map(([name, meaning, takes]) => ({
    name: name!,
    meaning: meaning!,
    takes: takes!,
    initial: null,
    readBy: ['functions'],
    rare: true,
  })),
}
