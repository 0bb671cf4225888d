import type { ForgeDriver } from '../agents/ports/forge-driver.ts'
import { createStepFunctionsDriver } from '../stores/aws/step-functions-driver.ts'

/** For programs that run their forge agents in their own loop: nothing is left running that could be asked about. */
export const inlineDriver: ForgeDriver = {
  kind: 'inline',
  async start() {
    throw new Error('runs of this process are driven by runForge')
  },
  describe: async () => 'unknown',
  async abort() {},
}

export const statesDriver = (stateMachineArn: string): ForgeDriver =>
  createStepFunctionsDriver({ stateMachineArn })
