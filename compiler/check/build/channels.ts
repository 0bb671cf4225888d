import type { ChannelDecl } from '../../../bytecode/manifest.ts'
import type { ChannelNode } from '../../syntax/ast.ts'
import { CHANNEL } from '../schema/others.ts'
import { FieldReader } from './field-reader.ts'

/** Defaults of chapter 24.6. */
export function channelOf({ name, fields }: ChannelNode): ChannelDecl {
  const read = new FieldReader(fields, CHANNEL)
  return {
    name: name.text,
    type: read.word('type', ['cli', 'http']) ?? 'cli',
    prompt: read.text('prompt') ?? '> ',
    greeting: read.text('greeting') ?? '',
    port: read.number('port') ?? 8080,
    path: read.text('path') ?? '/chat',
    cors: read.flag('cors') ?? false,
    policy: read.word('policy', ['dm', 'group']) ?? 'dm',
  }
}
