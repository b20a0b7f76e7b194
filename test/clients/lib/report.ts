// Counts cases and prints one line for each. A case passes when its body ends without throwing in
// time.

const shortMs = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

export interface Tally {
  passed: number
  failed: number
}

export class Report {
  readonly tallies = new Map<string, Tally>()

  /** A function that runs the cases of one suite. */
  suite(name: string): Check {
    const tally: Tally = { passed: 0, failed: 0 }
    this.tallies.set(name, tally)
    return async (title, body, timeoutMs = 60_000) => {
      const start = performance.now()
      const problem = await withLimit(body, timeoutMs)
      const took = shortMs(performance.now() - start)
      if (problem === null) {
        tally.passed++
        console.log(`ok ${name}: ${title} (${took})`)
        return true
      }
      tally.failed++
      console.log(`not ok ${name}: ${title} (${took})\n${problem.replaceAll(/^/gm, '  ')}`)
      return false
    }
  }

  /** Prints the tallies and the closing line; answers whether all is well and something ran. */
  close(): boolean {
    let passed = 0
    let failed = 0
    for (const [name, tally] of this.tallies) {
      console.log(`# ${name}: ${tally.passed} of ${tally.passed + tally.failed}`)
      passed += tally.passed
      failed += tally.failed
    }
    console.log(`${passed} passed, ${failed} failed`)
    return failed === 0 && passed > 0
  }
}

export type Check = (
  title: string,
  body: () => Promise<void>,
  timeoutMs?: number,
) => Promise<boolean>

const withLimit = async (body: () => Promise<void>, timeoutMs: number): Promise<string | null> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no end after ${timeoutMs} ms`), timeoutMs)
  })
  const outcome = body().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  const problem = await Promise.race([outcome, limit])
  clearTimeout(timer)
  return problem
}
