import { App } from 'aws-cdk-lib'
import { NeamStack } from './neam-stack.ts'
import { readSettings } from './settings.ts'

const app = new App()
new NeamStack(app, 'Neam', {
  settings: readSettings(app.node),
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
})
app.synth()
