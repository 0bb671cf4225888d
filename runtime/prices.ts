import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { PRICES, type PriceTable } from '../agents/turn/prices.ts'
import { SettingsError } from './settings.ts'

const dollars = v.pipe(v.number(), v.finite(), v.minValue(0))
const FILE = v.record(
  v.string(),
  v.strictObject({
    input: dollars,
    output: dollars,
    cached: v.optional(dollars),
    alias: v.optional(v.string()),
  }),
)

/** The built-in prices with those of a JSON file over them: `{"model": {"input": 1, "output": 2}}`, USD per million tokens. */
export function loadPrices(file: string | null): PriceTable {
  if (file === null) return PRICES
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new SettingsError(`NEAM_PRICES: cannot read ${file}: ${(error as Error).message}`)
  }
  const { success, output, issues } = v.safeParse(FILE, parsed)
  if (!success)
    throw new SettingsError(`NEAM_PRICES: ${file}: ${v.getDotPath(issues[0])}: ${issues[0].message}`)
  const rows = Object.entries(output).map(([model, row]) => [
    model,
    { ...row, cached: row.cached ?? row.input },
  ])
  return { ...PRICES, ...Object.fromEntries(rows) }
}
