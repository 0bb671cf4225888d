import { Fault } from '../agents/ports/fault.ts'
import type { ForgeDriver } from '../agents/ports/forge-driver.ts'
import { createStepFunctionsDriver } from '../stores/aws/step-functions-driver.ts'

/** For programs that run their forge agents in their own loop: nothing is left running that could be asked about. */
export const inlineDriver: ForgeDriver = {
  kind: 'inline',
  async start() {
    throw new Error('runs of this process are driven by runForge')
  },
  describe: async () => 'unknown',
  async wake() {},
}

/** For functions that were not told of a state machine: they can do everything but start runs. */
export const noDriver: ForgeDriver = {
  kind: 'states',
  async start() {
    throw new Fault('service_unavailable', {
      service: 'Step Functions',
      problem: 'NEAM_STATE_MACHINE_ARN is not set',
    })
  },
  describe: async () => 'unknown',
  async wake() {},
}

export const statesDriver = (stateMachineArn: string): ForgeDriver =>
  createStepFunctionsDriver({ stateMachineArn })
