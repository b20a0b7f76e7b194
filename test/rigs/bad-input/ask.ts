// The requests that many cases send, and what they make of the answers.
import { createTopics } from '../../../src/protocol/kafka/schema/create-topics.ts'
import { listOffsets } from '../../../src/protocol/kafka/schema/list-offsets.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { nameOf } from './kafka-codes.ts'
import type { RawClient } from './raw-client.ts'

const produceVersion = 9

export interface Produced {
  readonly code: number
  readonly baseOffset: number
  readonly message: string | null
}

/** Sends one batch with acks=all. */
export async function produceTo(
  client: RawClient,
  topic: string,
  records: Uint8Array,
  acks = -1,
): Promise<Produced> {
  const answer = await client.call(produce, produceVersion, {
    transactionalId: null,
    acks,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  })
  const done = answer.responses[0]?.partitionResponses[0]
  return {
    code: done?.errorCode ?? Number.NaN,
    baseOffset: done?.baseOffset ?? -1,
    message: done?.errorMessage ?? null,
  }
}

/** The high watermark of partition 0. */
export async function endOf(client: RawClient, topic: string): Promise<number> {
  return (await offsetAt(client, topic, -1n)).offset
}

/** The offset of a time, or of what a special time means. */
export async function offsetAt(
  client: RawClient,
  topic: string,
  timestamp: bigint,
): Promise<{ code: number; offset: number }> {
  const answer = await client.call(listOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }],
  })
  const found = answer.topics[0]?.partitions[0]
  return { code: found?.errorCode ?? Number.NaN, offset: found?.offset ?? -1 }
}

export interface NewTopic {
  readonly name: string
  readonly partitions?: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface CreatedTopic {
  readonly code: number
  readonly message: string | null
}

export async function create(client: RawClient, topic: NewTopic): Promise<CreatedTopic> {
  const configs = Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value }))
  const answer = await client.call(createTopics, 5, {
    topics: [
      {
        name: topic.name,
        numPartitions: topic.partitions ?? 1,
        replicationFactor: 1,
        assignments: [],
        configs,
      },
    ],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  const made = answer.topics[0]
  return { code: made?.errorCode ?? Number.NaN, message: made?.errorMessage ?? null }
}

/** Creates what a case needs; throws when that is refused, unless it is there already. */
export async function prepare(client: RawClient, topic: NewTopic): Promise<void> {
  const { code, message } = await create(client, topic)
  if (code !== 0 && code !== 36) throw new Error(`${topic.name}: ${nameOf(code)} ${message}`)
}

/** What Metadata says of a topic, which it may create. */
export async function metadataCode(client: RawClient, name: string): Promise<number> {
  const answer = await client.call(metadata, 9, {
    topics: [{ name }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  return answer.topics[0]?.errorCode ?? Number.NaN
}
