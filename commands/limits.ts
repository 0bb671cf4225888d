import { totalmem } from 'node:os'

/** What one command and all that it starts may take of the machine (docs/forge.md). */
export interface CommandLimits {
  /** In use at once by all processes of the command together. */
  readonly memoryBytes: number
  /** Processes and threads at once. */
  readonly processes: number
  /** Of one file. */
  readonly fileBytes: number
  /** The command is ended when less than this is free on the disk of the workspace, and more was before it. */
  readonly freeDiskBytes: number
}

/** Null, or left out: the default. */
export type GivenLimits = { readonly [K in keyof CommandLimits]?: number | null }

const MIB = 1024 * 1024
/** Programs like node reserve more than they use and do not start below this. */
const SMALLEST_DATA = 1024 * MIB
const OF_MEMORY = 0.75

/** By default three quarters of the memory of machine or container, so that whoever started the command goes on. */
export function commandLimits(given: GivenLimits = {}): CommandLimits {
  const ours = process.constrainedMemory() // of the container; 0 or beyond the machine's when there is none
  const memory = ours > 0 ? Math.min(ours, totalmem()) : totalmem()
  return {
    memoryBytes: given.memoryBytes ?? Math.floor(memory * OF_MEMORY),
    processes: given.processes ?? 2048,
    fileBytes: given.fileBytes ?? 4096 * MIB,
    freeDiskBytes: given.freeDiskBytes ?? 512 * MIB,
  }
}

/** Where the kernel counts the processes of a command apart from those of everybody else. */
export type CountedIn =
  /** Nowhere: its limit for processes would count all that the user runs. */
  | 'nowhere'
  /** In any user namespace but this one, by the name that /proc gives it. */
  | { readonly otherThan: string }
  /** For its user: nobody else uses it (the sandbox function). */
  | 'user'

/**
 * The text of a command behind the limits that the kernel keeps for it: the first to be ended when memory is short, no
 * core files, size of a file, data of each process, processes. A lower limit that is there already stays.
 */
export function limited(command: string, limits: CommandLimits, counted: CountedIn): string {
  const data = Math.max(limits.memoryBytes, SMALLEST_DATA)
  const steps = [
    'echo 1000 >/proc/self/oom_score_adj',
    'ulimit -c 0',
    `ulimit -f ${Math.ceil(limits.fileBytes / 512)}`,
    `ulimit -d ${Math.ceil(data / 1024)}`,
    ...processLimit(limits.processes, counted),
  ]
  // On one line with the command: a shell tells the line of a syntax error.
  return `{ ${steps.join('; ')}; } 2>/dev/null; ${command}`
}

/** `-p` is the number of processes to dash and to the shell of busybox, the size of a pipe to bash, which refuses it. */
function processLimit(processes: number, counted: CountedIn): readonly string[] {
  if (counted === 'nowhere') return []
  const set = `ulimit -p ${processes} || ulimit -u ${processes}`
  if (counted === 'user') return [set]
  return [`[ "$(readlink /proc/self/ns/user)" = '${counted.otherThan}' ] || ${set}`]
}

const mib = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`

/** A limit that the watch over a command found passed. */
export type Passed = 'memory' | 'processes' | 'disk'

/** The last line of what a command printed that was ended for it. */
export function passedText(passed: Passed, limits: CommandLimits): string {
  switch (passed) {
    case 'memory':
      return `[ended: it used more than ${mib(limits.memoryBytes)} of memory]\n`
    case 'processes':
      return `[ended: it had more than ${limits.processes} processes and threads]\n`
    case 'disk':
      return `[ended: less than ${mib(limits.freeDiskBytes)} were left on the disk of the workspace]\n`
  }
}

/** As a shell tells that a child was ended by SIGXFSZ: 128 and its number. */
const FILE_SIZE_EXCEEDED = 153

/** How programs tell what the kernel refused them. */
const REFUSALS: readonly { readonly told: RegExp; text(limits: CommandLimits): string }[] = [
  {
    told: /file too large|file size limit|EFBIG/i,
    text: ({ fileBytes }) => `[a file of a command may have ${mib(fileBytes)}]\n`,
  },
  {
    told: /out of memory|MemoryError|cannot allocate memory|memory exhausted|bad_alloc|ENOMEM/i,
    text: ({ memoryBytes }) => `[a command may use ${mib(memoryBytes)} of memory]\n`,
  },
  {
    told: /resource temporarily unavailable|cannot fork|can't start new thread|EAGAIN/i,
    text: ({ processes }) => `[a command may have ${processes} processes and threads]\n`,
  },
]

/** What a failed command is told of its limits, when it seems to have come to one that the kernel keeps. */
export function refusedText(
  { exitCode, stderr }: { readonly exitCode: number; readonly stderr: string },
  limits: CommandLimits,
): string {
  if (exitCode === 0) return ''
  const said = exitCode === FILE_SIZE_EXCEEDED ? 'file size limit' : stderr
  return REFUSALS.find(({ told }) => told.test(said))?.text(limits) ?? ''
}
