// What a seed draws before it runs: sizes so small that every limit is met, and which faults are
// on. Kept apart from the run so that a failure can be told in one line.
import { blockBytes } from '../../../src/io/disk.ts'
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { LogOptions } from '../../../src/log/log-options.ts'

/**
 * `flip`: stored bits turn. `error`: a write, a sync or a change of names fails. `full`: no space
 * is left, until somebody makes room.
 */
export type Fault = 'none' | 'slow' | 'error' | 'full' | 'flip'

export interface Plan {
  readonly options: LogOptions
  readonly fault: Fault
  /** With less disk left, records are refused; 0: never. */
  readonly freeBytesMin: number
  /** Whether files can be written past the page cache. */
  readonly takesDirect: boolean
  readonly partitions: number
  /** In 10: how many topics have the flush policy async, */
  readonly asyncTopics: number
  /** memory, */
  readonly memoryTopics: number
  /** or are compacted. */
  readonly compactedTopics: number
  /** Keys of a compacted topic. */
  readonly keys: number
  readonly segmentBytes: number
  /** Batches of one size hide nothing: what is stale looks like what is wanted. */
  readonly uniform: boolean
  readonly largeOneIn: number
  readonly incarnations: number
  readonly writers: number
  readonly readers: number
  readonly operations: number
}

export function drawPlan(chance: SimChance): Plan {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  return {
    options: drawOptions(chance, pick),
    fault: pick<Fault>(['none', 'none', 'none', 'slow', 'slow', 'error', 'full', 'flip']),
    freeBytesMin: pick([0, 20_000, 100_000]),
    takesDirect: chance.oneIn(2),
    partitions: 1 + chance.int(6),
    asyncTopics: pick([0, 0, 3, 10]),
    memoryTopics: pick([0, 0, 2]),
    compactedTopics: pick([0, 2, 8]),
    keys: pick([1, 3, 20]),
    segmentBytes: pick([3000, 20_000, 1 << 20]),
    uniform: chance.oneIn(3),
    largeOneIn: pick([0, 6, 30]),
    incarnations: 2 + chance.int(4),
    writers: 1 + chance.int(4),
    readers: chance.int(3),
    operations: 20 + chance.int(60),
  }
}

export function drawOptions(chance: SimChance, pick: <T>(values: readonly T[]) => T): LogOptions {
  const slabBytes = blockBytes * pick([1, 2, 4, 8])
  const journalFileBytes = slabBytes * pick([2, 3, 4, 8])
  return {
    journalFileBytes,
    journalFiles: 3 + chance.int(4),
    slabBytes,
    slabs: 4 + chance.int(5),
    commitBytes: blockBytes * pick([1, 4, 8]),
    gatherMs: pick([0, 1, 3]),
    asyncSyncMs: pick([2, 20, 1000]),
    flushBytes: journalFileBytes * (1 + chance.int(2)),
    ownFileBytes: pick([1000, 4000, 30_000, 1 << 20]),
    stagingBytes: blockBytes * pick([1, 2, 16]),
    rereadBytes: pick([0, 20_000, 1 << 20]),
    partitionsPerTurn: pick([1, 2, 250]),
    batchesPerTurn: pick([1, 2, 128]),
    manifestHistoryBytes: pick([1000, 10_000, 1 << 20]),
    openFiles: 1 + chance.int(4),
    memoryTopicBytes: pick([20_000, 1 << 20]),
    producersMax: 100_000,
    readBytes: 8 << 20,
    readPieceBytes: blockBytes * pick([1, 4, 64]),
    rewriteBytes: blockBytes * pick([1, 4, 16]),
    mergeBelowBytes: pick([4000, 30_000, 1 << 20]),
    mergeSegments: 2 + chance.int(4),
    sweptFileBytes: pick([1, 500, 1 << 20]),
    trustMs: 3_600_000,
  }
}

export const describePlan = (plan: Plan): string => JSON.stringify(plan)
