// Counts observations by size, in buckets whose bounds are fixed when it is made. Observing is a
// few comparisons and allocates nothing. Kept by whoever measures; read by admin/.

export class Histogram {
  /** Upper bounds, inclusive, growing. */
  readonly bounds: readonly number[]
  /** Observations of each bucket alone; the last one is for what is above every bound. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += value
  }
}
