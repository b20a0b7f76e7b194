// Changes to what was set for a topic or for the broker: pure functions from the values before to
// the values after, or to the one reason why not. A change is taken whole or not at all. The
// operations are those of Kafka's IncrementalAlterConfigs; `replaceConfigs` is the older request
// that states all values.
import { ok, type Result, refuse } from '../errors.ts'
import { limits } from '../limits.ts'
import { brokerKeys } from './broker-keys.ts'
import type { BrokerKey, ConfigKey } from './config-key.ts'
import { itemsOf, parseConfig, valueLengthMax } from './config-value.ts'
import { topicKeys } from './topic-keys.ts'

type Texts = ReadonlyMap<string, string>

export interface ConfigOperation {
  readonly name: string
  /** `append` and `subtract` add or remove items of a list. */
  readonly action: 'set' | 'delete' | 'append' | 'subtract'
  /** Not used by `delete`. */
  readonly value: string | null
}

/** What the two kinds of resource do differently. */
export interface ConfigScope {
  /** The key to set under `name`, or why it cannot be set. */
  find(name: string): Result<ConfigKey>
  /** The value in force, to which `append` and `subtract` apply. */
  effective(name: string): string
  /** Rules between keys. */
  check(after: Texts): Result<Texts>
}

/** The values after `operations` on `before`. */
export function changeConfigs(
  before: Texts,
  operations: readonly ConfigOperation[],
  scope: ConfigScope,
): Result<Texts> {
  const after = new Map(before)
  const seen = new Set<string>()
  for (const operation of operations) {
    if (seen.has(operation.name))
      return refuse('invalidRequest', `${operation.name} stands twice in one change`)
    seen.add(operation.name)
    // A key that this broker does not know is not set either, so that removing it succeeds.
    if (operation.action === 'delete') {
      const refused = deletable(operation.name, scope)
      if (!refused.ok) return refused
      after.delete(operation.name)
      continue
    }
    const text = textAfter(operation, scope)
    if (!text.ok) return text
    after.set(operation.name, text.value)
  }
  return bounded(after, scope)
}

/** The values when exactly `entries` are set. */
export function replaceConfigs(
  entries: Iterable<readonly [string, string | null]>,
  scope: ConfigScope,
): Result<Texts> {
  const operations: ConfigOperation[] = []
  for (const [name, value] of entries) {
    if (value === null) return refuse('invalidConfig', `${name} needs a value`)
    operations.push({ name, action: 'set', value })
  }
  return changeConfigs(new Map(), operations, scope)
}

function deletable(name: string, scope: ConfigScope): Result<unknown> {
  const found = scope.find(name)
  return found.ok || found.error === 'invalidConfig' ? ok(null) : found
}

function textAfter(operation: ConfigOperation, scope: ConfigScope): Result<string> {
  const { name, action, value } = operation
  const key = scope.find(name)
  if (!key.ok) return key
  if (value === null) return refuse('invalidRequest', `${name} needs a value`)
  if (value.length > valueLengthMax)
    return refuse('invalidConfig', `${name} may be ${valueLengthMax} characters long at most`)
  if (action === 'set') return normalised(key.value, value)
  if (key.value.type !== 'list')
    return refuse('invalidConfig', `${name} is not a list, so ${action} does not apply; set it`)
  const given = itemsOf(value)
  const now = itemsOf(scope.effective(name))
  const items =
    action === 'append'
      ? [...now, ...given.filter((item) => !now.includes(item))]
      : now.filter((item) => !given.includes(item))
  return normalised(key.value, items.join(','))
}

/** What is kept: the text without blanks around it and without items that repeat. */
function normalised(key: ConfigKey, text: string): Result<string> {
  const parsed = parseConfig(key, text)
  if (!parsed.ok) return parsed
  return ok(key.type === 'list' ? String(parsed.value) : text.trim())
}

function bounded(after: Texts, scope: ConfigScope): Result<Texts> {
  if (after.size > limits.configsPerResource)
    return refuse('policyViolation', `more than ${limits.configsPerResource} values are set`)
  return scope.check(after)
}

/** The scope of a topic; `inForce` gives the value of a key for one that sets `texts`. */
export function topicScope(
  before: Texts,
  inForce: (name: string, texts: Texts) => string,
): ConfigScope {
  return {
    find: findTopicKey,
    effective: (name) => inForce(name, before),
    check: (after) => checkTopic(after, (name) => inForce(name, after)),
  }
}

const whereListed =
  '; `kafka-configs --describe --all` and docs/protocols/kafka.md list what it has'

function findTopicKey(name: string): Result<ConfigKey> {
  const key = topicKeys.get(name)
  if (key) return ok(key)
  const shown = name.slice(0, 100)
  const topicName = [...topicKeys.values()].find((k) => k.synonyms.includes(name))?.name
  const hint = topicName ? `; for a topic it is called ${topicName}` : whereListed
  return refuse('invalidConfig', `a topic has no configuration '${shown}'${hint}`)
}

function checkTopic(after: Texts, inForce: (name: string) => string): Result<Texts> {
  if (Number(inForce('min.compaction.lag.ms')) > Number(inForce('max.compaction.lag.ms')))
    return refuse('invalidConfig', 'min.compaction.lag.ms is larger than max.compaction.lag.ms')
  const compacts = itemsOf(inForce('cleanup.policy')).includes('compact')
  if (compacts && inForce('polymq.flush') === 'memory')
    return refuse(
      'invalidConfig',
      'what is only in memory is not compacted: set cleanup.policy=delete, or another polymq.flush',
    )
  return ok(after)
}

/**
 * The scope of a running broker, or of all at once: read-only keys are refused, in Kafka's way, as
 * an invalid request.
 */
export function brokerScope(of: 'node' | 'all', effective: (name: string) => string): ConfigScope {
  return { find: (name) => findDynamicKey(name, of), effective, check: ok }
}

function findDynamicKey(name: string, of: 'node' | 'all'): Result<ConfigKey> {
  const key = findBrokerKey(name)
  if (!key.ok) return key
  if (!key.value.dynamic) {
    const remedy = `start it with --set ${name}=VALUE`
    return refuse('invalidRequest', `${name} cannot be changed while the broker runs; ${remedy}`)
  }
  if (of === 'node' || key.value.ofOneNode !== true) return key
  return refuse('invalidRequest', `${name} is set for one broker: name it, rather than all of them`)
}

/** The broker's key of this name, or words that say how it is called. */
export function findBrokerKey(name: string): Result<BrokerKey> {
  const key = brokerKeys.get(name)
  if (key) return ok(key)
  const brokerName = topicKeys.get(name)?.synonyms[0]
  const hint = brokerName ? `; for the broker it is called ${brokerName}` : whereListed
  return refuse('invalidConfig', `the broker has no configuration '${name.slice(0, 100)}'${hint}`)
}
