import { Fault } from '../../agents/ports/fault.ts'
import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { BudgetStore, Reservation, Spend } from '../../agents/ports/limits.ts'
import type { BudgetDecl } from '../../bytecode/manifest.ts'
import { BudgetLedger } from './budget-ledger.ts'
import { type BudgetPeriod, periodOf } from './budget-period.ts'
import type { Files } from './files.ts'
import type { Leases } from './leases.ts'
import { encodeName } from './names.ts'
import { bestEffort } from './storage-fault.ts'

/** Sums of decimal prices are off by less than this; it is a billionth of a cent. */
const ROUNDING = 1e-11

/** Budgets that hold under concurrency and crashes (design 9.16): reserve first, then add up, and step back. */
export class TreeBudgetStore implements BudgetStore {
  readonly #files: Files
  readonly #leases: Leases
  readonly #ids: Ids
  readonly #hash: Hash
  readonly #foldsCase: boolean
  readonly #ledgers = new Map<string, BudgetLedger>()

  constructor(options: { files: Files; leases: Leases; ids: Ids; hash: Hash; foldsCase: boolean }) {
    this.#files = options.files
    this.#leases = options.leases
    this.#ids = options.ids
    this.#hash = options.hash
    this.#foldsCase = options.foldsCase
  }

  async used(budget: BudgetDecl, nowMs: number): Promise<Spend> {
    return await this.#ledger(budget, periodOf(budget.reset, nowMs)).total()
  }

  lastSeen(budget: BudgetDecl, nowMs: number): Spend | null {
    return this.#ledger(budget, periodOf(budget.reset, nowMs)).lastSeen
  }

  resetsAt(budget: BudgetDecl, nowMs: number): number | null {
    return periodOf(budget.reset, nowMs).resetsAt
  }

  /**
   * A reservation belongs to the period it was made in. An open one counts in full until it is settled, and when its writer
   * is gone it is folded in full.
   */
  async reserve(budget: BudgetDecl, worst: Spend, nowMs: number): Promise<Reservation> {
    const period = periodOf(budget.reset, nowMs)
    const ledger = this.#ledger(budget, period)
    const id = this.#ids.next()
    const refused = await ledger.reserve(id, { worst, nowMs }, (total) => {
      const over = exceeded(budget, total)
      return over && { over, total }
    })
    if (refused !== null) throw exhausted(budget, period, { ...refused, worst, nowMs })
    bestEffort(() => ledger.tidy())
    return { settle: (actual) => ledger.settle(id, actual) }
  }

  #ledger(budget: BudgetDecl, period: BudgetPeriod): BudgetLedger {
    const name = encodeName(budget.name, { hash: this.#hash, foldsCase: this.#foldsCase })
    const directory = `budgets/${name}/${period.name}`
    const known = this.#ledgers.get(directory)
    if (known !== undefined) return known
    // A new period: those that are over and settled are not needed any longer.
    for (const [path, ledger] of this.#ledgers) {
      if (ledger.idle && path.startsWith(`budgets/${name}/`)) this.#ledgers.delete(path)
    }
    const ledger = new BudgetLedger({ files: this.#files, leases: this.#leases, ids: this.#ids, directory })
    this.#ledgers.set(directory, ledger)
    return ledger
  }
}

interface Resource {
  readonly name: 'api_calls' | 'tokens' | 'cost_usd'
  readonly limit: number
  of(spend: Spend): number
}

function resourcesOf(budget: BudgetDecl): readonly Resource[] {
  const resources: Resource[] = []
  const add = (name: Resource['name'], limit: number | null, of: Resource['of']): void => {
    if (limit !== null) resources.push({ name, limit, of })
  }
  add('api_calls', budget.apiCalls, (spend) => spend.apiCalls)
  add('tokens', budget.tokens, (spend) => spend.tokens)
  add('cost_usd', budget.costUsd, (spend) => spend.cost)
  return resources
}

const exceeded = (budget: BudgetDecl, total: Spend): Resource | null =>
  resourcesOf(budget).find((resource) => resource.of(total) > resource.limit + ROUNDING) ?? null

function exhausted(
  budget: BudgetDecl,
  period: BudgetPeriod,
  { over, total, worst, nowMs }: { over: Resource; total: Spend; worst: Spend; nowMs: number },
): Fault {
  const used = over.of(total) - over.of(worst)
  const resets = period.resetsAt
  const data = {
    budget: budget.name,
    resource: over.name,
    used: over.name === 'cost_usd' ? Number(used.toFixed(9)) : used,
    limit: over.limit,
    resets_at: resets === null ? null : new Date(resets).toISOString(),
  }
  return new Fault('budget_exhausted', data, resets === null ? {} : { retryAfterMs: resets - nowMs })
}
