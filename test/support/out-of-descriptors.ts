import { spawnSync } from 'node:child_process'

/**
 * Runs a module in a process of its own that has `exhaust()`, after which no file can be opened, and `relieve()`. Its
 * `imports` are the names that it uses, by module. Answers what it printed.
 */
export function outOfDescriptors(imports: Readonly<Record<string, string>>, body: string): string {
  const script = `
    import { closeSync, openSync, writeSync } from 'node:fs'
    ${Object.entries(imports)
      .map(([names, path]) => `import { ${names} } from '${new URL(`../../${path}`, import.meta.url).href}'`)
      .join('\n')}
    const held = []
    const exhaust = () => { try { for (;;) held.push(openSync('/dev/null')) } catch {} }
    const relieve = () => { for (const descriptor of held.splice(0)) closeSync(descriptor) }
    const show = (value) => writeSync(1, JSON.stringify(value) + '\\n')
    const shown = (promise) => promise.then(show, ({ code, data }) => show({ code, data }))
    ${body}`
  const node = [process.execPath, '--input-type=module-typescript', '--eval', script]
  const { status, stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -n 96; exec "$@"', 'sh', ...node], {
    encoding: 'utf8',
  })
  return status === 0 ? stdout : `${stdout}exit ${status}\n${stderr}`
}
