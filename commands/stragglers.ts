import { readFile } from 'node:fs/promises'
import { COOKIE } from './environment.ts'
import { allPids } from './processes.ts'

/** A process that forks or starts a program while we look has no environment to read for a moment. */
const CLEAN_PASSES = 2
const MAX_PASSES = 20

/**
 * Kills what a command left running outside of its process group (a daemon, a `setsid`): every process whose
 * environment holds the command's cookie. Looks in /proc until it finds none; elsewhere there is nothing to look at.
 */
export async function killStragglers(cookie: string): Promise<void> {
  const mark = markOf(cookie)
  let clean = 0
  for (let pass = 0; pass < MAX_PASSES && clean < CLEAN_PASSES; pass++) {
    const { found, unclear } = await marked(mark)
    for (const pid of found) kill(pid)
    clean = found.length === 0 && !unclear ? clean + 1 : 0
  }
}

/** What the environment of a process holds that a command with this cookie started. */
export const markOf = (cookie: string): Buffer => Buffer.from(`${COOKIE}=${cookie}`)

/** Whether the environment of a process holds a mark; one that is gone, or not ours to read, does not. */
export async function holds(pid: number, mark: Buffer): Promise<boolean> {
  return (await readFile(`/proc/${pid}/environ`).catch(() => null))?.includes(mark) ?? false
}

/** Live processes with the mark; `unclear` when one was just between two programs. */
async function marked(mark: Buffer): Promise<{ found: number[]; unclear: boolean }> {
  const found: number[] = []
  let unclear = false
  for (const pid of await allPids()) {
    const environment = await readFile(`/proc/${pid}/environ`).catch(() => null) // gone, or not ours to read
    if (environment?.includes(mark)) found.push(Number(pid))
    else if (environment?.length === 0) unclear ||= await isBetweenPrograms(pid)
  }
  return { found, unclear }
}

/** Kernel threads and zombies have no environment either, and never get one. */
async function isBetweenPrograms(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return /^VmSize:/m.test(status) && !/^State:\s*Z/m.test(status)
}

/** Kills a whole process group; one that is gone already is fine, and one that is not ours to kill stays. */
export function killGroup(leader: number, signal: NodeJS.Signals): void {
  kill(-leader, signal)
}

function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
