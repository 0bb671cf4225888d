import { copyFileSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Files } from '../../stores/tree/files.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { type LeasePlace, Leases } from '../../stores/tree/leases.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { type Owner, processOwner } from '../../stores/tree/owner.ts'
import { countingFs } from '../support/fs-counting.ts'
import { delayedFs } from '../support/fs-delayed.ts'
import { faultyFs } from '../support/fs-faults.ts'
import { testIds, virtualTime } from '../support/fs-tree.ts'
import { STILL } from '../support/mortal-world.ts'
import { outOfDescriptors } from '../support/out-of-descriptors.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** The first call is answered by `first`. */
const once = <A, R>(first: (argument: A) => R, then: (argument: A) => R): ((argument: A) => R) => {
  let calls = 0
  return (argument) => (calls++ === 0 ? first(argument) : then(argument))
}

describe.each([
  ['whose claim stays', true],
  ['given back by a new name', false],
])('leases %s', (_kind, keepsClaim) => {
  const place: LeasePlace = {
    directory: 'x',
    lock: 'lock',
    release: 'rel',
    suffix: '',
    keepsClaim,
    beat: 'beat',
  }
  const claim = { purpose: 'test', ttlMs: 10_000, owner: null, data: {} }
  const nobody: Owner = { id: null, isDead: () => false }
  const leasesIn = (root: string, owner = nobody, fs: Fs = nodeFs, time = virtualTime()) => {
    writeFileSync(join(root, 'sentinel'), '')
    const files = new Files({ root, sentinel: 'sentinel', fs, ids: testIds() })
    return { ...time, leases: new Leases({ files, ids: testIds(), owner, ...time }) }
  }
  const age = (path: string, ms: number): void => {
    const then = (Date.now() - ms) / 1000
    utimesSync(path, then, then)
  }

  test('a held one is not given twice; a released one is, with the next epoch', () => {
    const { leases } = leasesIn(temporaryDirectory())
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 1 })
    expect(leases.take(place, claim)).toMatchObject({ kind: 'held', epoch: 1 })
    leases.release(place, 1)
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 2 })
  })

  test('a number that was given back is not taken again by one who had not seen that', () => {
    const root = temporaryDirectory()
    const { leases } = leasesIn(root)
    for (const epoch of [1, 2, 3]) {
      leases.take(place, claim)
      leases.release(place, epoch)
    }
    // What a network file system may still show: nothing of the third.
    const late = leasesIn(root, nobody, {
      ...nodeFs,
      list: once(
        (path) => nodeFs.list(path).filter((name) => !name.endsWith('3')),
        (path) => nodeFs.list(path),
      ),
    })
    expect(late.leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 4 })
    expect(late.leases.newest(place, true)).toEqual({ epoch: 4, released: false })
  })

  test('giving one back that another has taken over meanwhile frees nothing', () => {
    const root = temporaryDirectory()
    const { leases } = leasesIn(root)
    leases.take(place, claim)
    age(join(root, 'x/lock.0000000001'), 11_000)
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 2 })
    leases.release(place, 1)
    expect(leases.take(place, claim)).toMatchObject({ kind: 'held', epoch: 2 })
  })

  test('it ends after its time to live, by the time of the server and not of any client', () => {
    const root = temporaryDirectory()
    const { leases, clock } = leasesIn(root)
    leases.take(place, claim)
    clock.pass(365 * 86_400_000)
    expect(leases.take(place, claim)).toMatchObject({ kind: 'held' })
    age(join(root, 'x/lock.0000000001'), 11_000)
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 2 })
  })

  test('a sign of life extends it', () => {
    const root = temporaryDirectory()
    const { leases } = leasesIn(root)
    leases.take(place, claim)
    leases.beat(place, 1)
    age(join(root, 'x/lock.0000000001'), 11_000)
    expect(leases.inspect(place)).toMatchObject({ kind: 'held' })
    age(join(root, 'x/beat.0000000001'), 11_000)
    expect(leases.inspect(place)).toMatchObject({ kind: 'free' })
  })

  test('a waiter waits as long as it may and no longer', async () => {
    const { leases, clock } = leasesIn(temporaryDirectory())
    leases.take(place, claim)
    const began = clock.now()
    await expect(leases.waitFor(place, claim, 3000)).resolves.toBeNull()
    expect(clock.now() - began).toBe(3000)
    const waiting = leases.waitFor(place, claim, 3000)
    leases.release(place, 1)
    await expect(waiting).resolves.toBe(2)
  })

  test('who waits in one process gets the lease in the order of coming, and only the first looks for it', async () => {
    const counter = countingFs(nodeFs)
    const still = { ...virtualTime(), timers: STILL }
    const { leases } = leasesIn(temporaryDirectory(), nobody, counter.fs, still)
    leases.take(place, claim)
    const got: string[] = []
    const wait = async (who: string) => {
      const epoch = await leases.waitFor(place, claim, 3000)
      got.push(`${who} ${epoch}`)
    }
    const first = wait('first')
    counter.reset()
    const others = [wait('second'), wait('third')]
    expect(counter.calls()).toBe(0)
    leases.release(place, 1)
    await first
    leases.release(place, 2)
    await others[0]
    leases.release(place, 3)
    await others[1]
    expect(got).toEqual(['first 2', 'second 3', 'third 4'])
  })

  test('who waits behind others gives up when its own time is over', async () => {
    const { leases } = leasesIn(temporaryDirectory())
    leases.take(place, claim)
    const first = leases.waitFor(place, claim, 3000)
    await expect(leases.waitFor(place, claim, 0)).resolves.toBeNull()
    await expect(leases.waitFor(place, claim, 1000)).resolves.toBeNull()
    await expect(first).resolves.toBeNull()
  })

  test('an old listing does not give out a number that was used and removed', () => {
    const root = temporaryDirectory()
    const { leases, clock } = leasesIn(root)
    const late = leasesIn(root, nobody, delayedFs(nodeFs, clock)).leases
    leases.take(place, claim)
    leases.release(place, 1)
    expect(late.newest(place, false)).toEqual({ epoch: 1, released: true })
    for (let epoch = 2; epoch <= 5; epoch++) {
      leases.take(place, claim)
      if (epoch < 5) leases.release(place, epoch)
    }
    expect(late.take(place, claim)).toMatchObject({ kind: 'held', epoch: 5 })
    expect(leases.take(place, claim)).toMatchObject({ kind: 'held', epoch: 5 })
  })

  test('one whose file was lost with the power holds for a minute', () => {
    const root = temporaryDirectory()
    const { leases } = leasesIn(root)
    leases.take(place, claim)
    truncateSync(join(root, 'x/lock.0000000001'), 0)
    age(join(root, 'x/lock.0000000001'), 59_000)
    expect(leases.inspect(place)).toMatchObject({ kind: 'held' })
    age(join(root, 'x/lock.0000000001'), 61_000)
    expect(leases.inspect(place)).toMatchObject({ kind: 'free' })
  })

  test('this process lives; one with its id but another start, and one that is gone, are dead', () => {
    const owner = processOwner()
    if (owner.id === null) return
    expect(owner.isDead(owner.id)).toBe(false)
    const [boot = '', namespace = '', pid = '', start = ''] = owner.id.split(' ')
    expect(owner.isDead(`${boot} ${namespace} ${pid} ${Number(start) + 1}`)).toBe(true)
    expect(owner.isDead(`${boot} ${namespace} 4194305 1`)).toBe(true)
    expect(owner.isDead(`${boot} pid:[1] ${pid} ${Number(start) + 1}`)).toBe(false)
    expect(owner.isDead('nonsense')).toBe(false)
  })

  test('nobody is dead because no file descriptor is left to look at them', () => {
    const printed = outOfDescriptors(
      { processOwner: 'stores/tree/owner.ts' },
      `const owner = processOwner()
      exhaust()
      const isDead = owner.isDead(owner.id)
      relieve()
      show(isDead)`,
    )
    expect(printed).toBe('false\n')
  })

  test('who loses every race holds nothing, and is not told that it does', () => {
    const losing = interceptedFs(nodeFs, (operation, subject, run) => {
      if (operation !== 'link' || !String(subject).includes('/lock.')) return run()
      throw Object.assign(new Error('EEXIST: planted'), { code: 'EEXIST' })
    })
    const { leases } = leasesIn(temporaryDirectory(), nobody, losing)
    const taking = leases.take(place, { ...claim, data: { run: 'ours' } })
    expect(taking).toMatchObject({ kind: 'held', claim: { purpose: 'contended', data: {} } })
  })

  test('who is told of an error when taking one holds nothing', () => {
    let failures = 0
    for (let at = 1; at < 30; at++) {
      const root = temporaryDirectory()
      leasesIn(root).leases.release(place, 1)
      const { leases } = leasesIn(
        root,
        nobody,
        faultyFs(nodeFs, { at, fault: { kind: 'fail', code: 'EIO' } }),
      )
      try {
        leases.take(place, claim)
      } catch {
        failures++
        expect(leasesIn(root).leases.take(place, claim)).toMatchObject({ kind: 'taken' })
      }
    }
    expect(failures).toBeGreaterThan(2)
  })
})

describe('a lease that this process gave back last', () => {
  const place: LeasePlace = {
    directory: 'x',
    lock: 'lock',
    release: 'rel',
    suffix: '',
    keepsClaim: false,
    beat: null,
  }
  const claim = { purpose: 'test', ttlMs: 10_000, owner: null, data: {} }
  const leasesIn = (root: string, fs: Fs = nodeFs) => {
    writeFileSync(join(root, 'sentinel'), '')
    const files = new Files({ root, sentinel: 'sentinel', fs, ids: testIds() })
    return new Leases({ files, ids: testIds(), owner: { id: null, isDead: () => false }, ...virtualTime() })
  }
  const takenAndGivenBack = (root: string, fs?: Fs) => {
    const leases = leasesIn(root, fs)
    leases.take(place, claim)
    leases.release(place, 1)
    return leases
  }

  test('is taken again in the same file, with the next epoch, its own claim and its own time', () => {
    const root = temporaryDirectory()
    const made: string[] = []
    const fs = interceptedFs(nodeFs, (operation, subject, run) => {
      if (operation === 'create') made.push(String(subject))
      return run()
    })
    const leases = takenAndGivenBack(root, fs)
    const then = Date.now() / 1000 - 60
    utimesSync(join(root, 'x/rel.0000000001'), then, then)
    made.length = 0
    expect(leases.take(place, { ...claim, purpose: 'second' })).toEqual({ kind: 'taken', epoch: 2 })
    expect([made, readdirSync(join(root, 'x'))]).toEqual([[], ['lock.0000000002']])
    expect(leasesIn(root).inspect(place)).toMatchObject({
      kind: 'held',
      epoch: 2,
      claim: { purpose: 'second' },
    })
    leases.release(place, 2)
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 3 })
  })

  test('stays with another who has taken it since', () => {
    const root = temporaryDirectory()
    const leases = takenAndGivenBack(root)
    const other = leasesIn(root)
    other.take(place, { ...claim, purpose: 'theirs' })
    const theirs = { kind: 'held', epoch: 2, claim: { purpose: 'theirs' } }
    expect(leases.take(place, claim)).toMatchObject(theirs)
    expect(other.inspect(place)).toMatchObject(theirs)
  })

  test.each([1, 3])('gets the next epoch when another has had it %s times since', (times) => {
    const root = temporaryDirectory()
    const leases = takenAndGivenBack(root)
    const other = leasesIn(root)
    for (let epoch = 2; epoch <= 1 + times; epoch++) {
      other.take(place, claim)
      other.release(place, epoch)
    }
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 2 + times })
    expect(other.take(place, claim)).toMatchObject({ kind: 'held', epoch: 2 + times })
  })

  test('is taken anew when its claim does not fit over the one before', () => {
    const root = temporaryDirectory()
    const leases = takenAndGivenBack(root)
    const long = { ...claim, purpose: 'p'.repeat(300) }
    for (const [epoch, next] of [
      [2, long],
      [3, claim],
    ] as const) {
      expect(leases.take(place, next)).toEqual({ kind: 'taken', epoch })
      expect(leasesIn(root).inspect(place)).toMatchObject({ claim: next })
      leases.release(place, epoch)
    }
  })

  test('is taken anew when it was lost between a claim that fits and one that does not', () => {
    const root = temporaryDirectory()
    const leases = takenAndGivenBack(root)
    const long = { ...claim, purpose: 'p'.repeat(300) }
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 2 })
    // Another has it meanwhile, as of one whose time is over.
    const lock = (epoch: number) => join(root, `x/lock.000000000${epoch}`)
    copyFileSync(lock(2), lock(3))
    const other = leasesIn(root)
    other.release(place, 3)
    expect(leases.take(place, long)).toEqual({ kind: 'taken', epoch: 4 })
    leases.release(place, 4)
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 5 })
    expect(JSON.parse(readFileSync(lock(5), 'utf8'))).toMatchObject(claim)
  })

  test('is held by nobody after an error of any operation of taking it', () => {
    let failures = 0
    for (let at = 1; at < 12; at++) {
      const root = temporaryDirectory()
      let armed = false
      const fault = { kind: 'fail', code: 'EIO' } as const
      const leases = takenAndGivenBack(root, faultyFs(nodeFs, { at, fault, concerns: () => armed }))
      armed = true
      try {
        leases.take(place, claim)
      } catch {
        failures++
        expect(leasesIn(root).take(place, claim)).toMatchObject({ kind: 'taken' })
      }
    }
    expect(failures).toBeGreaterThan(3)
  })

  test('is ours when its name was given and an error was reported', () => {
    const root = temporaryDirectory()
    let armed = false
    const leases = takenAndGivenBack(
      root,
      faultyFs(nodeFs, {
        at: 1,
        fault: { kind: 'lost-reply', code: 'EEXIST' },
        concerns: (operation) => armed && operation === 'link',
      }),
    )
    armed = true
    expect(leases.take(place, claim)).toEqual({ kind: 'taken', epoch: 2 })
    expect(readdirSync(join(root, 'x'))).toEqual(['lock.0000000002'])
  })
})
