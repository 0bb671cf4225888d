import { expect, test } from '@jest/globals'
import { ServedSystems } from '../../cli/served-systems.ts'
import { moduleOf, testApi } from '../support/system.ts'

const version = (name: string) =>
  moduleOf(`
fun check(ctx) { return true; }
forge agent builder { provider: "openai" model: "gpt-4o" verify: check checkpoint: "none" }
agent ${name} { provider: "openai" model: "gpt-4o" }`)

test('a run is of the program it began with, until 16 others have come after it', async () => {
  const { system, driver, call } = await testApi({ module: version('v0') })
  const served = new ServedSystems(system)
  const { run } = (await call('POST', '/api/v1/forge/builder/start', { body: {} })).body
  const ref = { agent: 'builder', run }
  for (let n = 1; n < 16; n++) served.load(version(`v${n}`))
  expect(await served.ofRun(ref)).toBe(system)
  served.load(version('v16'))
  expect(await served.ofRun(ref)).toBe(served.current)
  await driver.idle()
})

test('a program that comes back is the one that its runs began with, and the latest', async () => {
  const { system } = await testApi({ module: version('old') })
  const served = new ServedSystems(system)
  served.load(version('new'))
  served.load(version('old'))
  expect(served.current.manifest).toEqual(system.manifest)
  expect(await served.ofRun({ agent: 'builder', run: 'none' })).toBe(served.current)
})
