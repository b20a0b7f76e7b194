// What a seed of the queues' simulation draws before it runs: sizes so small that every limit is
// met. Kept apart from the run so that a failure can be told in one line.
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { LogOptions } from '../../../src/log/log-options.ts'
import type { QueueOptions } from '../../../src/queue/queue-options.ts'
import { drawOptions } from '../sim/plan.ts'
import { mainVhost, otherVhost } from './topology.ts'

export interface QueuePlan {
  readonly log: LogOptions
  readonly queues: Partial<QueueOptions>
  readonly slowOneIn: number
  readonly takesDirect: boolean
  readonly queueCount: number
  readonly vhosts: readonly string[]
  /** In each vhost. */
  readonly streams: number
  /** The topic that queues are over is compacted, in segments of so many bytes; 0: it is not. */
  readonly compactedBytes: number
  /** What queues have settled is written out of segments of so many bytes; 0: it is not. */
  readonly reclaimedBytes: number
  readonly hasPolicies: boolean
  /** In so many lives the disk is full for a while; 0: in none. */
  readonly fullOneIn: number
  readonly incarnations: number
  readonly steps: number
  /** The wall clock jumps once in so many steps; 0: never. */
  readonly jumpOneIn: number
  readonly largeOneIn: number
}

export function drawQueuePlan(chance: SimChance): QueuePlan {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  const log = drawOptions(chance, pick)
  // A turn's moves fit one commit, as they do with the sizes of a real node.
  const slabBytes = Math.max(log.slabBytes, 16 << 10)
  const journalFileBytes = Math.max(log.journalFileBytes, slabBytes * pick([2, 4, 8]))
  return {
    log: { ...log, slabBytes, journalFileBytes, flushBytes: journalFileBytes * pick([1, 2]) },
    queues: {
      keptBytes: pick([0, 3000, 1 << 20]),
      pieceBytes: pick([1, 20_000]),
      unplacedBytes: pick([8_000, 60_000]),
      settleMs: pick([1, 10, 40]),
      trimBytes: pick([300, 4_000, 1 << 20]),
      trimEmptyBytes: pick([1, 500, 1 << 20]),
      reclaimBytes: pick([1, 1, 600]),
      snapshotBytes: pick([100, 600, 1 << 20]),
      markBytes: pick([200, 5_000, 1 << 20]),
    },
    slowOneIn: pick([0, 0, 20]),
    takesDirect: chance.oneIn(2),
    queueCount: 2 + chance.int(4),
    vhosts: chance.oneIn(3) ? [mainVhost, otherVhost] : [mainVhost],
    streams: pick([0, 0, 1, 2]),
    compactedBytes: pick([0, 0, 400, 3000]),
    reclaimedBytes: pick([0, 400, 3000]),
    hasPolicies: chance.oneIn(3),
    fullOneIn: pick([0, 0, 0, 2]),
    incarnations: 1 + chance.int(3),
    steps: 60 + chance.int(240),
    jumpOneIn: pick([0, 0, 60]),
    largeOneIn: pick([0, 10, 30]),
  }
}
