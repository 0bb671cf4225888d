import { Fault } from '../ports/fault.ts'
import { sameTask, type TaskCount, taskCounts } from './task.ts'

/** The plan file (chapter 25.6): what there is to do, in order. */
export interface PlanTask {
  readonly text: string
  /** Ticked in the plan itself: `[x]`, or `"status": "done"` in the JSON form. */
  readonly done: boolean
}

export const MAX_TASKS = 1000

const BULLET = /^(?:[-*+•]|\d{1,5}[.)])\s+/
const BOX = /^\[([ xX])\](?:\s+|$)/
/** How a JSON object begins, or a list of them: no line of a plan begins like that. */
const JSON_FORM = /^\s*(?:\[\s*)?\{\s*"/
/** Markdown's horizontal rules; never a task. */
const RULE = /^(?:-{3,}|\*{3,}|_{3,}|={3,})$/

/**
 * Tasks of a plan: one a line, or the JSON form `{"stories": [{"title", "status", "id", "depends_on"}]}`. Throws
 * `plan_invalid` when there are none, too many, or the JSON form is broken.
 */
export function parsePlan(text: string, path: string): readonly PlanTask[] {
  const content = text.replace(/^\uFEFF/, '')
  const tasks = isJson(content) ? storiesOf(content, path) : linesOf(content, path)
  if (tasks.length === 0) throw new Fault('plan_invalid', { path, problem: 'it has no tasks' })
  return tasks
}

/** A list is taken for JSON, too, to be refused: its brackets would be tasks. */
function isJson(content: string): boolean {
  if (JSON_FORM.test(content)) return true
  try {
    return Array.isArray(JSON.parse(content))
  } catch {
    return false
  }
}

function linesOf(content: string, path: string): readonly PlanTask[] {
  const tasks: PlanTask[] = []
  content.split(/\r\n|\r|\n/).forEach((raw, index) => {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || RULE.test(line)) return
    const item = `${line} `.replace(BULLET, '')
    const box = BOX.exec(item)
    const task = (box ? item.slice(box[0].length) : item).trim().replace(/\s+/g, ' ')
    if (task === '') return
    if (tasks.length === MAX_TASKS) {
      throw new Fault('plan_invalid', {
        path,
        problem: `line ${index + 1} is task ${MAX_TASKS + 1}; the limit is ${MAX_TASKS}`,
      })
    }
    tasks.push({ text: task, done: box !== null && box[1] !== ' ' })
  })
  return tasks
}

interface Story {
  readonly id: string | null
  readonly title: string
  readonly done: boolean
  readonly dependsOn: readonly string[]
}

function storiesOf(content: string, path: string): readonly PlanTask[] {
  const stories = readStories(content, path)
  if (stories.length > MAX_TASKS) {
    throw new Fault('plan_invalid', {
      path,
      problem: `it has ${stories.length} stories; the limit is ${MAX_TASKS}`,
    })
  }
  return inDependencyOrder(stories, path).map(({ title, done }) => ({ text: title, done }))
}

function readStories(content: string, path: string): readonly Story[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (error) {
    throw new Fault('plan_invalid', { path, problem: `it is not valid JSON: ${(error as Error).message}` })
  }
  const stories = (parsed as { readonly stories?: unknown }).stories
  if (!Array.isArray(stories)) {
    const found = Array.isArray(parsed) ? ', and it is a list itself: {"stories": [{"title": "..."}]}' : ''
    throw new Fault('plan_invalid', { path, problem: `its JSON form needs a list "stories"${found}` })
  }
  return stories.map((story: unknown, index) => {
    const fields = (typeof story === 'object' && story !== null ? story : {}) as Record<string, unknown>
    const title = typeof fields.title === 'string' ? fields.title.trim().replace(/\s+/g, ' ') : ''
    if (title === '') {
      throw new Fault('plan_invalid', { path, problem: `story ${index + 1} has no title` })
    }
    const dependencies: readonly unknown[] = Array.isArray(fields.depends_on) ? fields.depends_on : []
    return {
      id: fields.id === undefined ? null : String(fields.id),
      title,
      done: fields.status === 'done' || fields.status === 'completed',
      dependsOn: dependencies.map(String),
    }
  })
}

/** The order of the file, but nothing before what it depends on. */
function inDependencyOrder(stories: readonly Story[], path: string): readonly Story[] {
  const byId = new Map(stories.filter(({ id }) => id !== null).map((story) => [story.id, story]))
  const ordered = new Set<Story>()
  const open = new Set<Story>()
  const visit = (story: Story): void => {
    if (ordered.has(story)) return
    if (open.has(story)) {
      throw new Fault('plan_invalid', {
        path,
        problem: `story ${JSON.stringify(story.title)} depends on itself`,
      })
    }
    open.add(story)
    for (const id of story.dependsOn) {
      const dependency = byId.get(id)
      if (!dependency) {
        throw new Fault('plan_invalid', {
          path,
          problem: `story ${JSON.stringify(story.title)} depends on ${JSON.stringify(id)}, which does not exist`,
        })
      }
      visit(dependency)
    }
    ordered.add(story)
  }
  for (const story of stories) visit(story)
  return [...ordered]
}

/** A plan compared with what is done. */
export interface PlanState {
  /** The first task that is not done, null when all are. */
  readonly current: string | null
  readonly completed: number
  readonly total: number
}

/**
 * The tasks with what is done. Equal tasks are told apart by number: a plan that names a task twice needs it done
 * twice. A ticked task uses up one of the done ones.
 */
export function markDone(tasks: readonly PlanTask[], done: readonly string[]): readonly PlanTask[] {
  const left: TaskCount = taskCounts(done)
  return tasks.map((task) => {
    const key = sameTask(task.text)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return { text: task.text, done: task.done || count > 0 }
  })
}

/** Which task comes next. */
export function surveyPlan(tasks: readonly PlanTask[], done: readonly string[]): PlanState {
  const marked = markDone(tasks, done)
  return {
    current: marked.find((task) => !task.done)?.text ?? null,
    completed: marked.filter((task) => task.done).length,
    total: marked.length,
  }
}
