/** CPU time of the best of so many runs, ms, and the result of the last. */
export async function best(
  run: () => unknown,
  rounds: number,
): Promise<{ readonly ms: number; readonly result: unknown }> {
  let least = Number.POSITIVE_INFINITY
  let result: unknown
  for (let round = 0; round < rounds; round += 1) {
    const from = process.cpuUsage()
    result = await run()
    const { user, system } = process.cpuUsage(from)
    least = Math.min(least, (user + system) / 1000)
  }
  return { ms: least, result }
}

export const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
