// The operations on configurations: of a topic, and of the broker while it runs. A change is taken
// whole or not at all; with `validateOnly` nothing is written.
import { effectiveBrokerText } from '../model/config/broker-settings.ts'
import {
  brokerScope,
  type ConfigOperation,
  type ConfigScope,
  changeConfigs,
  replaceConfigs,
  topicScope,
} from '../model/config/config-change.ts'
import { effectiveText } from '../model/config/topic-settings.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import type { NodeId } from '../model/ids.ts'
import { change } from './change.ts'
import type { Image } from './image.ts'
import { brokerKey, encodeConfig, encodeTopic, topicKey } from './keys.ts'
import type { MetadataStore } from './store.ts'
import type { WriteOptions } from './topics.ts'

type Texts = ReadonlyMap<string, string>

/** Single operations on what is set, or all that shall be set (the older request). */
export type ConfigChange =
  | { readonly operations: readonly ConfigOperation[] }
  | { readonly all: readonly (readonly [string, string | null])[] }

export class Configs {
  readonly #store: MetadataStore
  readonly #image: Image

  constructor(store: MetadataStore, image: Image) {
    this.#store = store
    this.#image = image
  }

  /** Resolves to what is set for the topic afterwards. Refused with `unknownTopic`. */
  changeTopic(name: string, wish: ConfigChange, options: WriteOptions): Promise<Result<Texts>> {
    return change(this.#store, () => {
      const topic = this.#image.topic(name)
      if (!topic) return refuse('unknownTopic', `no topic is named '${name.slice(0, 249)}'`)
      if (topic.kind === 'queue')
        return refuse('invalidConfig', `'${name}' is a queue: its arguments and policies set it up`)
      const values = this.#image.brokerValues
      const inForce = (key: string, texts: Texts) => effectiveText(key, texts, values)
      const scope = topicScope(topic.config, inForce)
      const config = apply(wish, topic.config, scope)
      if (!config.ok) return config
      const isInMemory = (texts: Texts): boolean => inForce('polymq.flush', texts) === 'memory'
      if (isInMemory(topic.config) !== isInMemory(config.value))
        return refuse(
          'invalidConfig',
          'polymq.flush=memory is chosen when a topic is made and cannot be set or unset later',
        )
      const key = topicKey(name)
      const txn = {
        compare: [{ key, modRevision: this.#image.topicRevision(name) }],
        put: [{ key, value: encodeTopic({ ...topic, config: config.value }) }],
      }
      return ok({ txn: options.validateOnly ? null : txn, answer: config.value })
    })
  }

  /** `node` null: all nodes. Resolves to what is set there afterwards. */
  changeBroker(
    node: NodeId | null,
    wish: ConfigChange,
    options: WriteOptions,
  ): Promise<Result<Texts>> {
    return change(this.#store, () => {
      const values = this.#image.brokerValues
      const { config: before, revision } = this.#image.brokerConfig(node)
      const scope = brokerScope(node === null ? 'all' : 'node', (key) =>
        effectiveBrokerText(key, values),
      )
      const config = apply(wish, before, scope)
      if (!config.ok) return asInvalidRequest(config)
      const key = brokerKey(node)
      const txn = {
        compare: [{ key, modRevision: revision }],
        put: [{ key, value: encodeConfig(config.value) }],
      }
      return ok({ txn: options.validateOnly ? null : txn, answer: config.value })
    })
  }
}

function apply(wish: ConfigChange, before: Texts, scope: ConfigScope): Result<Texts> {
  if ('all' in wish) return replaceConfigs(wish.all, scope)
  return changeConfigs(before, wish.operations, scope)
}

/**
 * Kafka answers a bad value of the broker as an invalid request, one of a topic as invalid
 * configuration.
 */
function asInvalidRequest(refused: Result<Texts>): Result<never> {
  if (refused.ok || refused.error !== 'invalidConfig') return refused as Result<never>
  return refuse('invalidRequest', refused.message)
}
