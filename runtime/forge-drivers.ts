import { Fault } from '../agents/ports/fault.ts'
import type { ForgeDriver } from '../agents/ports/forge-driver.ts'
import { lazily } from '../agents/ports/lazily.ts'

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

/** Loaded for the first run that is started or asked about: most requests are none of forge agents. */
export function statesDriver(stateMachineArn: string): ForgeDriver {
  const load = lazily(async () => {
    const { createStepFunctionsDriver } = await import('../stores/aws/step-functions-driver.ts')
    return createStepFunctionsDriver({ stateMachineArn })
  })
  return {
    kind: 'states',
    start: async (run, traceparent) => await (await load()).start(run, traceparent),
    describe: async (run) => await (await load()).describe(run),
    wake: async (token) => await (await load()).wake(token),
  }
}
