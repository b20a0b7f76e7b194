// What a topic of the simulation is like: drawn from the seed when it is created, and kept.
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { FlushPolicy, TopicSettings } from '../../../src/model/config/topic-settings.ts'
import { plainSettings } from '../../log/log-fixture.ts'
import type { Plan } from './plan.ts'

const never = Number.POSITIVE_INFINITY

export function drawTopic(chance: SimChance, plan: Plan): TopicSettings {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  const flush = drawFlush(chance, plan)
  const compact = flush !== 'memory' && chance.int(10) < plan.compactedTopics
  return {
    ...plainSettings,
    flush,
    cleanup: { compact, delete: !compact || chance.oneIn(3) },
    segmentBytes: plan.segmentBytes,
    segmentMs: pick([never, 50]),
    retentionMs: pick([never, never, 100, 1000]),
    retentionBytes: pick([never, never, 3000, 20_000]),
    tombstoneRetentionMs: pick([0, 20, never]),
    dirtyRatioMin: pick([0, 0.5]),
    compactionLagMsMin: pick([0, 0, 30]),
  }
}

function drawFlush(chance: SimChance, plan: Plan): FlushPolicy {
  if (chance.int(10) < plan.memoryTopics) return 'memory'
  return chance.int(10) < plan.asyncTopics ? 'async' : 'sync'
}
