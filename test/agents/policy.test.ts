import { describe, expect, test } from '@jest/globals'
import { judge } from '../../agents/limits/policy.ts'
import type { PolicyDecl, SkillDecl } from '../../bytecode/manifest.ts'

const skill = (name: string, sensitive = false): SkillDecl => ({
  name,
  description: '',
  params: [],
  impl: 0,
  sensitive,
  idempotent: false,
  untrusted: false,
  effects: null,
})
const policy = (lists: Partial<PolicyDecl>): PolicyDecl => ({
  name: 'p',
  allow: [],
  deny: [],
  confirm: [],
  defaultDeny: false,
  tainted: 'confirm',
  links: null,
  ...lists,
})

describe('a policy', () => {
  test('allows what it does not name, unless it denies by default', () => {
    expect(judge(policy({}), skill('x'))).toBe('allow')
    expect(judge(policy({ defaultDeny: true }), skill('x'))).toBe('deny')
    expect(judge(policy({ defaultDeny: true, allow: ['x'] }), skill('x'))).toBe('allow')
  })

  test('denies before it asks for approval, and asks before it allows', () => {
    expect(judge(policy({ deny: ['x'], confirm: ['x'], allow: ['x'] }), skill('x'))).toBe('deny')
    expect(judge(policy({ confirm: ['x'], allow: ['x'] }), skill('x'))).toBe('confirm')
  })

  test('knows globs, and takes every other character as it is', () => {
    expect(judge(policy({ deny: ['file_*'] }), skill('file_write'))).toBe('deny')
    expect(judge(policy({ deny: ['file_?'] }), skill('file_write'))).toBe('allow')
    expect(judge(policy({ deny: ['a.*'] }), skill('axb'))).toBe('allow')
  })

  test('is not needed for a sensitive skill to require approval', () => {
    expect(judge(null, skill('pay', true))).toBe('confirm')
    expect(judge(null, skill('look'))).toBe('allow')
    expect(judge(policy({ allow: ['pay'] }), skill('pay', true))).toBe('confirm')
  })
})
