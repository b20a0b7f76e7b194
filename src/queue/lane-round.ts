// Which of several partitions of a topic a queue gives from: one after the other, some messages of
// each, so that none waits for the end of another. The stock owns it.
import type { Lane } from './lane.ts'
import { Look } from './stock-parts.ts'

/** Messages of one partition before the next has its turn. */
const runLength = 64

export class LaneRound {
  readonly #lanes: readonly Lane[]
  #turn = 0
  #run = 0

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes
  }

  /** What `lookIn` found in the first lane that has something now. */
  look(lookIn: (lane: Lane) => number): number {
    const count = this.#lanes.length
    let found: number = Look.nothing
    for (let passed = 0; passed < count; passed++) {
      const index = (this.#turn + passed) % count
      const lane = this.#lanes[index] as Lane
      if (!lane.hasReady) continue
      const at = lookIn(lane)
      if (at === Look.there) {
        if (passed > 0) this.#run = 0
        this.#turn = index
        return at
      }
      if (at === Look.later) found = at
    }
    return found
  }

  /** A message was taken from the lane that the last look found. */
  taken(): void {
    if (++this.#run < runLength) return
    this.#run = 0
    this.#turn = (this.#turn + 1) % this.#lanes.length
  }
}
