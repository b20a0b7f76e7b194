// Configurations as doors see them: described from the tables, changed by way of the metadata.
import type { ConfigChange, Configs as ConfigOperations } from '../metadata/configs.ts'
import type { Image } from '../metadata/image.ts'
import type { ConfigOperation } from '../model/config/config-change.ts'
import {
  type BrokerValues,
  brokerValues,
  type ConfigSource,
} from '../model/config/config-source.ts'
import {
  type ConfigEntry,
  describeBrokerConfig,
  describeTopicConfig,
} from '../model/config/describe-config.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { nodeId } from '../model/ids.ts'
import type { Configs, ConfigTarget } from './api.ts'

export class NodeConfigs implements Configs {
  readonly #image: Image
  readonly #operations: ConfigOperations

  constructor(image: Image, operations: ConfigOperations) {
    this.#image = image
    this.#operations = operations
  }

  describe(target: ConfigTarget): Result<readonly ConfigEntry[]> {
    const values = this.#image.brokerValues
    if (target.kind === 'topic') return ok(describeTopicConfig(target.topic.config, values))
    if (target.node !== null && target.node !== this.#image.node)
      return this.#noSuchNode(target.node)
    return ok(target.node === null ? setForAll(values) : describeBrokerConfig(values))
  }

  change(
    target: ConfigTarget,
    operations: readonly ConfigOperation[],
    validateOnly: boolean,
  ): Promise<Result<null>> {
    return this.#apply(target, { operations }, validateOnly)
  }

  replace(
    target: ConfigTarget,
    values: ReadonlyMap<string, string | null>,
    validateOnly: boolean,
  ): Promise<Result<null>> {
    return this.#apply(target, { all: [...values] }, validateOnly)
  }

  async #apply(
    target: ConfigTarget,
    wish: ConfigChange,
    validateOnly: boolean,
  ): Promise<Result<null>> {
    const options = { validateOnly }
    if (target.kind === 'topic') {
      const done = await this.#operations.changeTopic(target.topic.name, wish, options)
      return done.ok ? ok(null) : done
    }
    if (target.node !== null && target.node !== this.#image.node)
      return this.#noSuchNode(target.node)
    const node = target.node === null ? null : nodeId(target.node)
    const done = await this.#operations.changeBroker(node, wish, options)
    return done.ok ? ok(null) : done
  }

  #noSuchNode(node: number): Result<never> {
    return refuse('invalidRequest', `there is no node ${node}; this one is ${this.#image.node}`)
  }
}

/** What all nodes start from: only what was set for all of them, whatever else this one has. */
function setForAll({ dynamicDefaultBroker }: BrokerValues): ConfigEntry[] {
  const isOurs = ({ source }: { source: ConfigSource }) => source === 'dynamicDefaultBroker'
  return describeBrokerConfig({ ...brokerValues(), dynamicDefaultBroker })
    .filter(isOurs)
    .map((entry) => ({ ...entry, synonyms: entry.synonyms.filter(isOurs) }))
}
