// Where the value of a key comes from. Four levels, the first that sets it wins: the topic; this
// node, while it runs; all nodes, while they run; the command line. Then the default of the table.
// A topic's key looks in the last three under the names of its synonyms. Pure; used to describe
// settings and to resolve them.
import { assert } from '../../base/assert.ts'
import { brokerKeys } from './broker-keys.ts'
import type { BrokerKey, TopicKey } from './config-key.ts'

export type ConfigSource =
  | 'topic'
  | 'dynamicBroker'
  | 'dynamicDefaultBroker'
  | 'staticBroker'
  | 'default'

type Texts = ReadonlyMap<string, string>

/** What was set for the broker, by level; only validated values. */
export interface BrokerValues {
  readonly dynamicBroker: Texts
  readonly dynamicDefaultBroker: Texts
  readonly staticBroker: Texts
}

export const noTexts: Texts = new Map()

/** A broker with nothing set but what the command line says. */
export const brokerValues = (staticBroker: Texts = noTexts): BrokerValues => ({
  dynamicBroker: noTexts,
  dynamicDefaultBroker: noTexts,
  staticBroker,
})

/** A value under the name by which it was found. */
export interface Sourced {
  readonly name: string
  readonly value: string
  readonly source: ConfigSource
}

const levels = ['dynamicBroker', 'dynamicDefaultBroker', 'staticBroker'] as const

/** All values of a broker's key, the one in force first; then its default, if it has one. */
export function brokerSources(key: BrokerKey, values: BrokerValues): Sourced[] {
  return sourcesOf([key.name, ...(key.fallbacks ?? [])], values)
}

/** All values of a topic's key, the one in force first. Never empty. */
export function topicSources(key: TopicKey, overrides: Texts, values: BrokerValues): Sourced[] {
  const own = overrides.get(key.name)
  const first: Sourced[] =
    own === undefined ? [] : [{ name: key.name, value: own, source: 'topic' }]
  const below = sourcesOf(key.synonyms, values)
  if (below.length > 0) return [...first, ...below]
  assert(key.default !== null, `${key.name} has a default`)
  return [...first, { name: key.name, value: key.default, source: 'default' }]
}

/** The values set under `names`, a name before the next and a level before the next. */
function sourcesOf(names: readonly string[], values: BrokerValues): Sourced[] {
  const found: Sourced[] = []
  for (const name of names)
    for (const source of levels) {
      const value = values[source].get(name)
      if (value !== undefined) found.push({ name, value, source })
    }
  for (const name of names) {
    const value = brokerKeys.get(name)?.default
    if (value !== undefined && value !== null) {
      found.push({ name, value, source: 'default' })
      break
    }
  }
  return found
}

/**
 * The value of `found` in the unit of `key`: synonyms may count minutes or hours, the key itself
 * ms.
 */
export function inUnitOf(name: string, found: Sourced): string {
  const factor = msOf(found.name) / msOf(name)
  if (factor === 1) return found.value
  const value = Number(found.value)
  return String(value < 0 ? value : value * factor)
}

function msOf(name: string): number {
  return name.endsWith('.hours') ? 3_600_000 : name.endsWith('.minutes') ? 60_000 : 1
}
