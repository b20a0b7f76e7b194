// The image: all metadata in memory, for look-ups without waiting. Built from one range of the
// store and kept by a watch, so it shows each transaction whole, at its revision, and nothing that
// is not durable. Topics are immutable values: whoever holds one sees it as it was, and the next
// look-up gives the next one.
//
//   store ──range──▶ image ◀──watch── store ──▶ listeners
import { Alike } from '../base/alike.ts'
import { assert } from '../base/assert.ts'
import { type BrokerSettings, resolveBrokerSettings } from '../model/config/broker-settings.ts'
import type { BrokerValues } from '../model/config/config-source.ts'
import { noTexts } from '../model/config/config-source.ts'
import { resolveTopicSettings, type TopicSettings } from '../model/config/topic-settings.ts'
import type { NodeId, TopicId } from '../model/ids.ts'
import type { PartitionState, Topic } from '../model/topic.ts'
import { collapsedName } from '../model/topic-name.ts'
import {
  brokerKey,
  brokerPrefix,
  parseConfigValue,
  parsePartition,
  parseTopic,
  partitionKey,
  partitionPrefix,
  topicPrefix,
} from './keys.ts'
import type { Change, ChangeSet, MetadataStore, Watch } from './store.ts'

export type ImageEvent =
  | { readonly kind: 'created'; readonly topic: Topic }
  | { readonly kind: 'deleted'; readonly topic: Topic }
  /** More partitions, another leader or in-sync set, or other configuration. */
  | { readonly kind: 'changed'; readonly topic: Topic; readonly before: Topic }
  | { readonly kind: 'brokerConfig' }

/**
 * Metadata that was stored whole and is not what this release writes: it stops the node, not the
 * data.
 */
export class MetadataFormatError extends Error {
  override readonly name = 'MetadataFormatError'
}

export class Image {
  readonly #node: NodeId
  readonly #staticBroker: ReadonlyMap<string, string>
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<TopicId, Topic>()
  readonly #byCollapsedName = new Map<string, Topic>()
  readonly #partitions = new Map<string, PartitionState>()
  /** By topic name: the revision that last wrote the topic's own key. */
  readonly #revisions = new Map<string, number>()
  readonly #brokerConfigs = new Map<string, ReadonlyMap<string, string>>()
  readonly #brokerRevisions = new Map<string, number>()
  readonly #listeners = new Set<(event: ImageEvent) => void>()
  #brokerValues: BrokerValues
  /** Null after a change, until somebody asks. */
  #settings: BrokerSettings | null = null
  #topicDefaults: TopicSettings | null = null
  /** Of topics that are all configured alike; by what is set for them. */
  readonly #shared = new Map<ReadonlyMap<string, string>, TopicSettings>()
  /** Thousands of topics have the same. */
  readonly #configs = new Alike<ReadonlyMap<string, string>>()
  readonly #states = new Alike<PartitionState>()
  #partitionCount = 0
  #watch: Watch | null = null

  /**
   * Reads the store and watches it. `staticBroker`: validated values from the command line. Rejects
   * with MetadataFormatError when the store holds what this release does not understand.
   */
  static async open(
    store: MetadataStore,
    node: NodeId,
    staticBroker: ReadonlyMap<string, string>,
  ): Promise<Image> {
    for (;;) {
      const image = new Image(node, staticBroker)
      const { entries, revision } = await store.range('/')
      image.#apply({ revision, changes: entries.map((entry) => ({ kind: 'put', entry })) })
      image.#watch = store.watch('/', revision, (changes) => image.#apply(changes))
      // Null: the store moved on between the two calls.
      if (image.#watch) return image
    }
  }

  private constructor(node: NodeId, staticBroker: ReadonlyMap<string, string>) {
    this.#node = node
    this.#staticBroker = staticBroker
    this.#brokerValues = { dynamicBroker: noTexts, dynamicDefaultBroker: noTexts, staticBroker }
  }

  get node(): NodeId {
    return this.#node
  }

  /** Partitions of all topics. */
  get partitionCount(): number {
    return this.#partitionCount
  }

  get topicCount(): number {
    return this.#byName.size
  }

  /** What was set for the broker; a new object after every change. */
  get brokerValues(): BrokerValues {
    return this.#brokerValues
  }

  /** The same, resolved. */
  get settings(): BrokerSettings {
    this.#settings ??= resolveBrokerSettings(this.#brokerValues)
    return this.#settings
  }

  settingsOf({ config }: Topic): TopicSettings {
    if (config.size > 0) return resolveTopicSettings(config, this.#brokerValues)
    this.#topicDefaults ??= resolveTopicSettings(noTexts, this.#brokerValues)
    return this.#topicDefaults
  }

  /** The same settings for all that share `texts`, which is one of few that live for ever. */
  sharedSettings(texts: ReadonlyMap<string, string>): TopicSettings {
    const known = this.#shared.get(texts)
    if (known !== undefined) return known
    const settings = resolveTopicSettings(texts, this.#brokerValues)
    this.#shared.set(texts, settings)
    return settings
  }

  topic(name: string): Topic | null {
    return this.#byName.get(name) ?? null
  }

  topicById(id: TopicId): Topic | null {
    return this.#byId.get(id) ?? null
  }

  /** The topic, if any, whose name is the same or differs only by '.' and '_'. */
  topicLike(name: string): Topic | null {
    return this.#byCollapsedName.get(collapsedName(name)) ?? null
  }

  topics(): IterableIterator<Topic> {
    return this.#byName.values()
  }

  /** The revision to compare with when the topic is changed. 0: there is no such topic. */
  topicRevision(name: string): number {
    return this.#revisions.get(name) ?? 0
  }

  /**
   * What was set while running for `node`, or with null for all nodes, and the revision to compare
   * with.
   */
  brokerConfig(node: NodeId | null): { config: ReadonlyMap<string, string>; revision: number } {
    const key = brokerKey(node)
    const config = this.#brokerConfigs.get(key) ?? noTexts
    return { config, revision: this.#brokerRevisions.get(key) ?? 0 }
  }

  /** `listener` hears of every change after the image shows it, in order; it must not throw. */
  onChange(listener: (event: ImageEvent) => void): { cancel(): void } {
    this.#listeners.add(listener)
    return { cancel: () => this.#listeners.delete(listener) }
  }

  close(): void {
    this.#watch?.cancel()
    this.#listeners.clear()
  }

  #apply(set: ChangeSet): void {
    const topicNames = new Set<string>()
    let brokerChanged = false
    for (const change of set.changes) {
      const key = keyOf(change)
      if (key.startsWith(partitionPrefix)) {
        const id = key.slice(partitionPrefix.length, key.lastIndexOf('/'))
        const name = this.#byId.get(id as TopicId)?.name
        if (name !== undefined) topicNames.add(name)
        this.#applyPartition(key, change)
      } else if (key.startsWith(topicPrefix)) topicNames.add(key.slice(topicPrefix.length))
      else if (key.startsWith(brokerPrefix)) {
        this.#applyBroker(key, change)
        brokerChanged = true
      }
    }
    const topicChanges = new Map(set.changes.map((change) => [keyOf(change), change]))
    const events: ImageEvent[] = []
    for (const name of topicNames)
      for (const event of this.#applyTopic(name, topicChanges.get(topicPrefix + name)))
        events.push(event)
    if (brokerChanged) events.push({ kind: 'brokerConfig' })
    for (const event of events) for (const listener of [...this.#listeners]) listener(event)
  }

  #applyPartition(key: string, change: Change): void {
    if (change.kind === 'delete') this.#partitions.delete(key)
    else {
      const { value } = change.entry
      this.#partitions.set(key, this.#states.same(value, understood(key, parsePartition(value))))
    }
  }

  #applyBroker(key: string, change: Change): void {
    if (change.kind === 'delete') {
      this.#brokerConfigs.delete(key)
      this.#brokerRevisions.delete(key)
    } else {
      this.#brokerConfigs.set(key, understood(key, parseConfigValue(change.entry.value)))
      this.#brokerRevisions.set(key, change.entry.modRevision)
    }
    this.#settings = null
    this.#topicDefaults = null
    this.#shared.clear()
    this.#brokerValues = {
      dynamicBroker: this.brokerConfig(this.#node).config,
      dynamicDefaultBroker: this.brokerConfig(null).config,
      staticBroker: this.#staticBroker,
    }
  }

  /** `change` is that of the topic's own key, if it changed; else one of its partitions did. */
  #applyTopic(name: string, change: Change | undefined): ImageEvent[] {
    const before = this.#byName.get(name)
    if (change?.kind === 'delete') {
      if (!before) return []
      this.#forget(before)
      this.#revisions.delete(name)
      return [{ kind: 'deleted', topic: before }]
    }
    const topic = this.#topicFrom(name, change, before)
    const replaced = before && before.id !== topic.id
    if (before) this.#forget(before)
    this.#remember(topic)
    if (change) this.#revisions.set(name, change.entry.modRevision)
    if (!before) return [{ kind: 'created', topic }]
    if (!replaced) return [{ kind: 'changed', topic, before }]
    return [
      { kind: 'deleted', topic: before },
      { kind: 'created', topic },
    ]
  }

  #topicFrom(name: string, change: (Change & { kind: 'put' }) | undefined, before?: Topic): Topic {
    const value = change
      ? understood(topicPrefix + name, parseTopic(change.entry.value))
      : before && { ...before, partitions: before.partitions.length }
    assert(value, `a change of a partition of ${name}, which is known`)
    const partitions: PartitionState[] = []
    for (let index = 0; index < value.partitions; index++) {
      const key = partitionKey(value.id, index)
      partitions.push(understood(key, this.#partitions.get(key) ?? null))
    }
    const { id, internal, kind } = value
    const config = this.#configs.same(JSON.stringify([...value.config]), value.config)
    return { id, name, internal, kind, partitions, config }
  }

  #remember(topic: Topic): void {
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    this.#byCollapsedName.set(collapsedName(topic.name), topic)
    this.#partitionCount += topic.partitions.length
  }

  #forget(topic: Topic): void {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    this.#byCollapsedName.delete(collapsedName(topic.name))
    this.#partitionCount -= topic.partitions.length
  }
}

const keyOf = (change: Change): string => (change.kind === 'put' ? change.entry.key : change.key)

function understood<T>(key: string, value: T | null): T {
  if (value !== null) return value
  throw new MetadataFormatError(`the metadata key ${key} is missing or not of a known format`)
}
