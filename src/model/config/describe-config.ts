// The settings of a topic or of the broker as a list for people and tools: what is in force, where
// it comes from, and what else was set. Called by the doors that describe configurations.
import { brokerKeys } from './broker-keys.ts'
import type { BrokerKey, ConfigKey, ConfigType, TopicKey } from './config-key.ts'
import {
  type BrokerValues,
  brokerSources,
  type ConfigSource,
  inUnitOf,
  type Sourced,
  topicSources,
} from './config-source.ts'
import { topicKeys } from './topic-keys.ts'

export interface ConfigEntry {
  readonly name: string
  /** Null: not set, and without a default. */
  readonly value: string | null
  readonly source: ConfigSource
  readonly isDefault: boolean
  readonly readOnly: boolean
  /** Its value must not be shown. No key of this type can be set, so that none has a value. */
  readonly sensitive: boolean
  readonly type: ConfigType
  /** Every place that gives it a value, the one in force first. */
  readonly synonyms: readonly Sourced[]
  readonly documentation: string
}

/** Every key of a topic that sets `overrides`, sorted by name. */
export function describeTopicConfig(
  overrides: ReadonlyMap<string, string>,
  values: BrokerValues,
): ConfigEntry[] {
  return sorted(topicKeys, (key: TopicKey) => {
    const sources = topicSources(key, overrides, values)
    return entry(key, sources, shown(sources, key.synonyms[0]), false)
  })
}

/** Every key of the broker, sorted by name, but for those that only show when they are set. */
export function describeBrokerConfig(values: BrokerValues): ConfigEntry[] {
  const isShown = (key: BrokerKey): boolean =>
    key.isShownUnset !== false || brokerSources(key, values).length > 0
  const keys = new Map([...brokerKeys].filter(([, key]) => isShown(key)))
  return sorted(keys, (key: BrokerKey) => {
    const sources = brokerSources(key, values)
    const own = sources.filter((s) => s.name === key.name)
    return entry(key, own, shown(sources, key.name), !key.dynamic)
  })
}

/**
 * As Kafka has it, only the default of the nearest key of the broker is told as a synonym; that of
 * another only behind a value that somebody gave the broker.
 */
function shown(sources: readonly Sourced[], nearest: string | undefined): Sourced[] {
  const isGiven = sources.some(({ source }) => source !== 'default' && source !== 'topic')
  return sources.filter((s) => s.source !== 'default' || s.name === nearest || isGiven)
}

function entry(
  key: ConfigKey,
  sources: readonly Sourced[],
  synonyms: readonly Sourced[],
  readOnly: boolean,
): ConfigEntry {
  const found = sources[0]
  const source = found?.source ?? 'default'
  const why = key.reason === undefined ? '' : ` (${key.effect} here: ${key.reason})`
  return {
    name: key.name,
    value: found ? inUnitOf(key.name, found) : null,
    source,
    isDefault: source === 'default',
    readOnly,
    sensitive: key.type === 'password',
    type: key.type,
    synonyms,
    documentation: key.documentation + why,
  }
}

function sorted<K extends ConfigKey>(
  keys: ReadonlyMap<string, K>,
  describe: (key: K) => ConfigEntry,
): ConfigEntry[] {
  return [...keys.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((key) => describe(key))
}
