import { expect, test } from '@jest/globals'
import { channelPorts, portWarnings } from '../../runtime/channel-ports.ts'
import { moduleOf } from '../support/system.ts'

const { manifest } = moduleOf(`
channel terminal { type: "cli" port: 9001 }
channel plain { type: "http" path: "/plain" }
channel first { type: "http" path: "/first" port: 9001 }
channel second { type: "http" path: "/second" port: 9001 }
channel third { type: "http" path: "/third" port: 3000 }
claw agent Bot { provider: "openai" model: "gpt-4o" channels: [terminal, plain, first, second, third] }
`)

test.each([
  [
    8080,
    [
      [9001, ['first', 'second']],
      [3000, ['third']],
    ],
  ],
  [3000, [[9001, ['first', 'second']]]],
])('a server at port %i listens on the ports of http channels that are not its own, too', (own, expected) => {
  const found = [...channelPorts(manifest, own)].map(([port, channels]) => [
    port,
    channels.map(({ name }) => name),
  ])
  expect(found).toEqual(expected)
})

test('where nobody listens on them, each is warned of with the path that it is served at', () => {
  expect(portWarnings(manifest)).toEqual([
    'channel first declares port 9001, which is ignored: its path /first is served where the API is',
    'channel second declares port 9001, which is ignored: its path /second is served where the API is',
    'channel third declares port 3000, which is ignored: its path /third is served where the API is',
  ])
})
