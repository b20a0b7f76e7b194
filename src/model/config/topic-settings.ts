// The settings of a topic as the log uses them: one typed object, units in the names, resolved once
// per change. Invariant: the texts it is built from were validated when they were set.
import { assert } from '../../base/assert.ts'
import type { BrokerValues } from './config-source.ts'
import { inUnitOf, topicSources } from './config-source.ts'
import { type ConfigValue, knownConfig } from './config-value.ts'
import { topicKeys } from './topic-keys.ts'

export type FlushPolicy = 'sync' | 'async' | 'memory'
export type CompressionChoice = 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Infinity stands for "no limit" wherever a text says -1 or the largest 64-bit number. */
export interface TopicSettings {
  readonly cleanup: { readonly delete: boolean; readonly compact: boolean }
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly tombstoneRetentionMs: number
  readonly dirtyRatioMin: number
  readonly compactionLagMsMin: number
  readonly compactionLagMsMax: number
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly flush: FlushPolicy
  readonly flushRecords: number
  readonly flushMs: number
  readonly batchBytesMax: number
  readonly timestamp: 'create' | 'append'
  readonly timestampBeforeMsMax: number
  readonly timestampAfterMsMax: number
  readonly compression: CompressionChoice
  readonly gzipLevel: number
  readonly zstdLevel: number
}

/** The settings in force for a topic that sets `overrides`, on a broker with `values`. */
export function resolveTopicSettings(
  overrides: ReadonlyMap<string, string>,
  values: BrokerValues,
): TopicSettings {
  const value = (name: string) => effectiveValue(name, overrides, values)
  const number = (name: string): number => Number(value(name))
  const limit = (name: string): number => limitOf(number(name))
  const policies = value('cleanup.policy')
  assert(Array.isArray(policies), 'cleanup.policy is a list')
  return {
    cleanup: { delete: policies.includes('delete'), compact: policies.includes('compact') },
    retentionMs: limit('retention.ms'),
    retentionBytes: limit('retention.bytes'),
    tombstoneRetentionMs: limit('delete.retention.ms'),
    dirtyRatioMin: number('min.cleanable.dirty.ratio'),
    compactionLagMsMin: limit('min.compaction.lag.ms'),
    compactionLagMsMax: limit('max.compaction.lag.ms'),
    segmentBytes: number('segment.bytes'),
    segmentMs: limit('segment.ms'),
    segmentJitterMs: limit('segment.jitter.ms'),
    flush: value('polymq.flush') as FlushPolicy,
    flushRecords: limit('flush.messages'),
    flushMs: limit('flush.ms'),
    batchBytesMax: number('max.message.bytes'),
    timestamp: value('message.timestamp.type') === 'LogAppendTime' ? 'append' : 'create',
    timestampBeforeMsMax: limit('message.timestamp.before.max.ms'),
    timestampAfterMsMax: limit('message.timestamp.after.max.ms'),
    compression: value('compression.type') as CompressionChoice,
    gzipLevel: number('compression.gzip.level'),
    zstdLevel: number('compression.zstd.level'),
  }
}

/** The value in force of one key, as text, in the key's own unit. */
export function effectiveText(
  name: string,
  overrides: ReadonlyMap<string, string>,
  values: BrokerValues,
): string {
  const key = topicKeys.get(name)
  assert(key, `${name} is a key of a topic`)
  const found = topicSources(key, overrides, values)[0]
  assert(found, `${name} has a value`)
  return inUnitOf(name, found)
}

function effectiveValue(
  name: string,
  overrides: ReadonlyMap<string, string>,
  values: BrokerValues,
): ConfigValue {
  const key = topicKeys.get(name)
  assert(key, `${name} is a key of a topic`)
  return knownConfig(key, effectiveText(name, overrides, values))
}

function limitOf(value: number): number {
  return value < 0 || value >= Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value
}
