import { test } from '@jest/globals'
import { assemble, EMPTY_MANIFEST } from '../support/assemble.ts'
import { calls, says } from '../support/scripted-model.ts'
import { testWorld } from './world.ts'
import { ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { resetSession } from '../../agents/claw/reset.ts'
test("smoke", async () => {
const module = assemble(`
fun main
  NIL
  RETURN
fun lookup params=id locals=1
  CONST "shipped"
  RETURN
`.replace('fun lookup params=id','fun lookup(id)'), {
  manifest: { ...EMPTY_MANIFEST,
    skills: [{ name:'lookup', description:'d', params:[{name:'id', type:'string'}], impl:1, sensitive:false, idempotent:false }],
    agents: [{ kind:'claw', name:'Bot', provider:'openai', model:'gpt-4o-mini', system:'sys', temperature:0.7, skills:['lookup'], guards:[], budget:null, policy:null, apiKeyEnv:null, endpoint:null, traits:[], channels:['c'], workspace:'./.neam/workspace', session:{idleResetMinutes:60,dailyResetHour:4,timezone:'UTC',maxHistoryTurns:100,compaction:'auto'}, lanes:[], semanticMemory:null }],
  },
})
const t = testWorld(module)
t.model.answer(calls(['lookup',{id:'1'}],['nope',{}]), says('It is shipped'), says('again'))
const base = { agent:'Bot', key:'u', deadlineAt: t.clock.now()+30000, signal: new AbortController().signal }
console.log(await ask(t.world, {...base, message:'where?'}))
console.log(JSON.stringify(t.model.requests.at(-1), null, 1))
console.log(await ask(t.world, {...base, message:'and?'}))
console.log(await history(t.world, base), t.events(), t.warnings)
console.log(await resetSession(t.world, base), await history(t.world, base))
})
