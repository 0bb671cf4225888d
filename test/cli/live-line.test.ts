import { describe, expect, test } from '@jest/globals'
import { LiveLine, screenOf } from '../../cli/live-line.ts'

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

  test('makes room for text that comes in pieces, and comes back when its line is whole', () => {
    const { live, pass, seen } = terminal(true)
    live.start('iteration 1')
    live.write('loading')
    pass(1000)
    live.draw()
    live.write(' done')
    expect(seen()).toBe('<iteration 1 0 s<loading done')
    live.write('.\n')
    expect(seen()).toBe('.\n<iteration 1 1 s')
    live.write('half a line')
    live.stop()
    expect(seen()).toBe('<half a line')
  })

  test('fits into the width of the terminal', () => {
    const { live, seen } = terminal(true, 20)
    live.start('iteration 1 of a very long name')
    expect(seen()).toBe('<iteration 1 of… 0 s')
    live.stop()
  })

  test.each([
    [12, '<iterat… 0 s'],
    [8, '<it… 0 s'],
    [3, '<… 0 s'],
  ])('is cut to what fits into %d columns, its seconds stay', (columns, line) => {
    const { live, seen } = terminal(true, columns)
    live.start('iteration 1')
    expect(seen()).toBe(line)
    live.stop()
  })

  test('is not there on a terminal that cannot clear a line', () => {
    const written: string[] = []
    const screen = { isTTY: true, columns: 80, write: (text: string) => written.push(text) }
    const live = new LiveLine(screenOf(screen, 'dumb'))
    live.start('iteration 1')
    live.print('Iteration 1: done')
    live.stop()
    expect(written).toEqual(['Iteration 1: done\n'])
  })

  test('is not there without a terminal: only whole lines', () => {
    const { live, seen } = terminal(false)
    live.start('iteration 1')
    live.print('Iteration 1: done')
    live.stop()
    expect(seen()).toBe('Iteration 1: done\n')
  })
})
