/**
 * What the offline model writes into a file: small, valid for its kind, and saying where it comes from. It writes
 * no logic: functions that a task names are there and say that they are not implemented.
 */
import { excerpt } from './words.ts'

const ORIGIN = 'Written by the offline model.'
const NOT_WRITTEN = 'the offline model writes no logic'

interface Subject {
  readonly path: string
  /** The task in one line. */
  readonly task: string
  readonly functions: readonly { readonly name: string; readonly parameters: readonly string[] }[]
}

const text = JSON.stringify

const comment = (mark: string, { task }: Subject): string =>
  [ORIGIN, ...(task === '' ? [] : [`Task: ${task}`])].map((line) => `${mark} ${line}\n`).join('')

/** `count_words(text, limit)` in a task names a function. */
const functionsIn = (task: string): Subject['functions'] =>
  [...task.matchAll(/\b([a-zA-Z_]\w*)\(((?:[a-zA-Z_]\w*(?:,\s*)?)*)\)/g)].map(([, name, parameters]) => ({
    name: name!,
    parameters: parameters!.split(/,\s*/).filter((parameter) => parameter !== ''),
  }))

function python(subject: Subject): string {
  const functions = subject.functions.map(
    ({ name, parameters }) =>
      `def ${name}(${parameters.join(', ')}):\n    raise NotImplementedError(${text(NOT_WRITTEN)})\n\n\n`,
  )
  const main = `def main():\n    print(${text(subject.task || ORIGIN)})\n\n\nif __name__ == "__main__":\n    main()\n`
  return `${comment('#', subject)}\n\n${functions.length > 0 ? functions.join('').trimEnd().concat('\n') : main}`
}

/** A test of the one thing that can be known: that the module it is named after compiles. */
function pythonTest(subject: Subject): string {
  const module = /(?:test_)?(\w+?)(?:_test)?\.py$/.exec(subject.path)![1]!
  return `${comment('#', subject)}
import pathlib
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[${subject.path.split('/').length - 1}] / "src" / "${module}.py"


class SourceTest(unittest.TestCase):
    @unittest.skipUnless(SOURCE.exists(), f"{SOURCE} is not there")
    def test_compiles(self):
        compile(SOURCE.read_text(), str(SOURCE), "exec")


if __name__ == "__main__":
    unittest.main()
`
}

function script(subject: Subject): string {
  const typed = /\.tsx?$/.test(subject.path)
  const functions = subject.functions.map(({ name, parameters }) => {
    const list = parameters
      .map((parameter) => (typed ? `_${parameter}: unknown` : `_${parameter}`))
      .join(', ')
    return `export function ${name}(${list})${typed ? ': never' : ''} {\n  throw new Error(${text(NOT_WRITTEN)})\n}\n`
  })
  const main = `console.log(${text(subject.task || ORIGIN)})\n`
  return `${comment('//', subject)}\n${functions.length > 0 ? functions.join('\n') : main}`
}

const markdown = ({ path, task }: Subject): string =>
  `# ${path
    .split('/')
    .at(-1)!
    .replace(/\.\w+$/, '')}\n\n${task === '' ? '' : `${task}\n\n`}${ORIGIN}\n`

/** By extension; whatever is not here is plain text. */
const BODIES: readonly (readonly [extension: RegExp, body: (subject: Subject) => string])[] = [
  [/(?:^|\/)test_\w+\.py$|_test\.py$/, pythonTest],
  [/\.py$/, python],
  [/\.(?:[cm]?js|jsx|tsx?)$/, script],
  [
    /\.rs$/,
    (subject) => `${comment('//', subject)}\nfn main() {\n    println!("{}", ${text(subject.task)});\n}\n`,
  ],
  [
    /\.go$/,
    (subject) =>
      `${comment('//', subject)}\npackage main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println(${text(subject.task)})\n}\n`,
  ],
  [
    /\.java$/,
    (subject) =>
      `${comment('//', subject)}\nclass ${subject.path.split('/').at(-1)!.replace(/\W.*$/, '')} {\n    public static void main(String[] args) {\n        System.out.println(${text(subject.task)});\n    }\n}\n`,
  ],
  [
    /\.(?:c|h|cpp|hpp|cs|kt|swift|css)$/,
    (subject) => `/*\n${comment(' *', subject).replaceAll('*/', '* /')} */\n`,
  ],
  [/\.php$/, (subject) => `<?php\n${comment('//', subject).replaceAll('?>', '? >')}`],
  [/\.(?:html|xml)$/, (subject) => htmlBody(subject)],
  [/\.(?:ya?ml|toml|rb)$/, (subject) => comment('#', subject)],
  [/\.sh$/, (subject) => `#!/bin/sh\n${comment('#', subject)}set -eu\nprintf '%s\\n' "$0"\n`],
  [/\.(?:sql)$/, (subject) => comment('--', subject)],
  [/\.ini$/, (subject) => comment(';', subject)],
  [/\.json$/, ({ task }) => `${JSON.stringify({ description: task, author: ORIGIN }, null, 2)}\n`],
  [/\.md$/, markdown],
]

function htmlBody({ path, task }: Subject): string {
  const safe = task.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
  return path.endsWith('.xml')
    ? `<?xml version="1.0"?>\n<task origin="${ORIGIN}">${safe}</task>\n`
    : `<!doctype html>\n<meta charset="utf-8">\n<title>${safe}</title>\n<p>${safe}</p>\n<p>${ORIGIN}</p>\n`
}

/** A text that the task itself gives for the file. */
const DICTATED =
  /\b(?:containing|with (?:the )?(?:content|contents|text)|that says|saying)\s+(?:"([^"]+)"|`([^`]+)`|'([^']+)')/i

export function bodyOf(path: string, task: string): string {
  const dictated = DICTATED.exec(task)
    ?.slice(1)
    .find((match) => match !== undefined)
  if (dictated !== undefined) return `${dictated}\n`
  const subject = { path, task: excerpt(task, 200), functions: functionsIn(task) }
  const body = BODIES.find(([extension]) => extension.test(path))?.[1]
  return body ? body(subject) : `${subject.task === '' ? '' : `${subject.task}\n\n`}${ORIGIN}\n`
}
