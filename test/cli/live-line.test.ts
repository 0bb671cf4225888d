import { describe, expect, test } from '@jest/globals'
import { LiveLine } from '../../cli/live-line.ts'

function terminal(isTTY: boolean, columns = 80) {
  let now = 0
  let written = ''
  const screen = {
    isTTY,
    columns,
    write: (text: string) => {
      written += text
    },
  }
  return {
    live: new LiveLine(screen, () => now),
    pass: (ms: number) => {
      now += ms
    },
    /** What was written since the last look; the code that clears the line as `<`. */
    seen: () => {
      const text = written.replaceAll('\r\u001b[K', '<')
      written = ''
      return text
    },
  }
}

describe('the live line', () => {
  test('says on a terminal what goes on and for how long, and makes room for lines', () => {
    const { live, pass, seen } = terminal(true)
    live.start('iteration 1')
    expect(seen()).toBe('<iteration 1 0 s')
    pass(2500)
    live.draw()
    expect(seen()).toBe('<iteration 1 2 s')
    live.print('Iteration 1: done')
    expect(seen()).toBe('<Iteration 1: done\n<iteration 1 2 s')
    live.start('iteration 2')
    expect(seen()).toBe('<<iteration 2 0 s')
    live.stop()
    live.stop()
    expect(seen()).toBe('<')
  })

  test('fits into the width of the terminal', () => {
    const { live, seen } = terminal(true, 20)
    live.start('iteration 1 of a very long name')
    expect(seen()).toBe('<iteration 1 of… 0 s')
    live.stop()
  })

  test('is not there without a terminal: only whole lines', () => {
    const { live, seen } = terminal(false)
    live.start('iteration 1')
    live.print('Iteration 1: done')
    live.stop()
    expect(seen()).toBe('Iteration 1: done\n')
  })
})
