// Kafka's numbers for what configurations belong to, where their values come from and what type
// they are.
import type { ConfigTarget } from '../../../broker/api.ts'
import type { ConfigOperation } from '../../../model/config/config-change.ts'
import type { ConfigType } from '../../../model/config/config-key.ts'
import type { ConfigSource } from '../../../model/config/config-source.ts'
import { type Result, refuse } from '../../../model/errors.ts'
import { topicNameFault } from '../../../model/topic-name.ts'
import type { Call } from '../call.ts'
import { topicByName } from '../topic-lookup.ts'

export const resourceTypes = { topic: 2, broker: 4 }

const otherResources: ReadonlyMap<number, string> = new Map([
  [8, 'the loggers of brokers'],
  [16, "clients' metrics"],
  [32, 'groups'],
])

export const sourceCodes = {
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
} satisfies Record<ConfigSource, number>

export const typeCodes = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
} satisfies Record<ConfigType, number>

export const actionByCode: ReadonlyMap<number, ConfigOperation['action']> = new Map([
  [0, 'set'],
  [1, 'delete'],
  [2, 'append'],
  [3, 'subtract'],
])

/**
 * What a resource of a request means here. An empty broker name stands for what all brokers start
 * from.
 */
export function configTarget(type: number, name: string, call: Call<never>): Result<ConfigTarget> {
  const { broker } = call.door
  if (type === resourceTypes.topic) {
    const fault = topicNameFault(name)
    if (fault !== null) return { ok: false, ...fault }
    const topic = topicByName(broker.topics, name)
    if (typeof topic === 'string') return refuse(topic, `there is no topic '${name}'`)
    return { ok: true, value: { kind: 'topic', topic } }
  }
  if (type !== resourceTypes.broker) {
    const what = otherResources.get(type) ?? `resource type ${type}`
    return refuse(
      'invalidRequest',
      `configurations of ${what} are not kept here, but those of topics and the broker`,
    )
  }
  if (name === '') return { ok: true, value: { kind: 'node', node: null } }
  if (name !== String(broker.nodeId))
    return refuse('invalidRequest', `this is broker ${broker.nodeId}, not '${name}'`)
  return { ok: true, value: { kind: 'node', node: broker.nodeId } }
}
