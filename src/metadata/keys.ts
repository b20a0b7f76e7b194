// The keys of the metadata store and the layout of their values (JSON). The same keys will be kept
// in etcd, so a partition has one of its own: its revision is the partition's epoch there.
//
//   /topics/<name>             {"v":1,"id","internal","partitions":<count>,"config":{...}}, and for
//                              what a queue keeps also "kind":"queue"
//   /partitions/<id>/<index>   {"v":1,"leader","leaderEpoch","replicas":[],"isr":[]}
//   /names/<collapsed name>    the topic that has taken all names which count as this one
//   /brokers/<node>/config     {"v":1,"config":{...}}; the node '' stands for all nodes
//
// Those of users and permissions stand in security/access/access-values.ts.
//
// Values come from a disk that could be damaged or from a newer release: parsing says null for what
// it does not understand, and the caller stops rather than guess.
import { parseObject } from '../base/json.ts'
import { noTexts } from '../model/config/config-source.ts'
import { leaderEpoch, nodeId, type TopicId, topicId } from '../model/ids.ts'
import type { PartitionState, Topic } from '../model/topic.ts'

export const topicPrefix = '/topics/'
export const partitionPrefix = '/partitions/'
export const brokerPrefix = '/brokers/'

export const topicKey = (name: string): string => topicPrefix + name
export const partitionKey = (id: TopicId, index: number): string =>
  `${partitionPrefix}${id}/${index}`
export const nameKey = (collapsed: string): string => `/names/${collapsed}`
export const brokerKey = (node: number | null): string =>
  `${brokerPrefix}${node === null ? '' : node}/config`

export interface TopicValue {
  readonly id: TopicId
  readonly internal: boolean
  readonly kind: Topic['kind']
  readonly partitions: number
  readonly config: ReadonlyMap<string, string>
}

export function encodeTopic(
  topic: Pick<Topic, 'id' | 'internal' | 'kind' | 'partitions' | 'config'>,
): string {
  const { id, internal } = topic
  const config = Object.fromEntries(topic.config)
  const kind = topic.kind === 'log' ? {} : { kind: topic.kind }
  return JSON.stringify({
    v: 1,
    id,
    internal,
    ...kind,
    partitions: topic.partitions.length,
    config,
  })
}

export function encodePartition(state: PartitionState): string {
  const { leader, replicas, isr } = state
  return JSON.stringify({ v: 1, leader, leaderEpoch: state.leaderEpoch, replicas, isr })
}

export function encodeConfig(config: ReadonlyMap<string, string>): string {
  return JSON.stringify({ v: 1, config: Object.fromEntries(config) })
}

export function parseTopic(text: string): TopicValue | null {
  const { id, internal, kind = 'log', partitions, config: texts } = parseValue(text) ?? {}
  const config = configOf(texts)
  if (!config || typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) return null
  if (!isCount(partitions) || partitions === 0 || typeof internal !== 'boolean') return null
  if (kind !== 'log' && kind !== 'queue') return null
  return { id: topicId(id), internal, kind, partitions, config }
}

export function parsePartition(text: string): PartitionState | null {
  const value = parseValue(text)
  const { leader, leaderEpoch: epoch, replicas, isr } = value ?? {}
  if (!Number.isSafeInteger(leader) || !isCount(epoch)) return null
  if (!isCounts(replicas) || !isCounts(isr)) return null
  return {
    leader: nodeId(Number(leader)),
    leaderEpoch: leaderEpoch(epoch),
    replicas: replicas.map(nodeId),
    isr: isr.map(nodeId),
  }
}

export function parseConfigValue(text: string): ReadonlyMap<string, string> | null {
  const { config } = parseValue(text) ?? {}
  return configOf(config)
}

/** The object of a value of version 1, or null. */
export function parseValue(text: string): Record<string, unknown> | null {
  const value = parseObject(text)
  return value?.['v'] === 1 ? value : null
}

function configOf(value: unknown): ReadonlyMap<string, string> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const config = new Map<string, string>()
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') return null
    config.set(name, text)
  }
  return config.size === 0 ? noTexts : config
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount)
