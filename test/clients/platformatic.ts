// @platformatic/kafka: the version in node_modules, or the one whose entry file the environment
// names. Both have the same interface; the newer one needs a newer Node.
import type { Consumer, Message, MessagesStream } from '@platformatic/kafka'
import type { Handlers, Offsets } from './lib/commands.ts'
import { Inbox, Members } from './lib/inbox.ts'
import { bootstrap, serve } from './lib/serve.ts'

const { PLATFORMATIC_KAFKA } = process.env
type Module = typeof import('@platformatic/kafka')
const {
  Admin,
  Consumer: ConsumerOf,
  Producer,
  stringDeserializers,
  stringSerializers,
}: Module = await import(PLATFORMATIC_KAFKA ?? '@platformatic/kafka')

const base = { clientId: 'suite', bootstrapBrokers: [bootstrap], retries: 20, retryDelay: 300 }
const admin = new Admin(base)

type StringConsumer = Consumer<string, string, string, string>

const maxWaitTime = 200
/**
 * A fetch that is in flight during a rebalance still delivers, and its records come again by the
 * new assignment. So an assignment counts when every older fetch has ended.
 */
const settledMs = 2 * maxWaitTime

interface Member {
  readonly consumer: StringConsumer
  assignedAt: number
  readonly stream: MessagesStream<string, string, string, string>
  readonly topic: string
  readonly inbox: Inbox
}

const members = new Members<Member>()

const take = (inbox: Inbox, message: Message<string, string, string, string>): void =>
  inbox.add({
    partition: message.partition,
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    header: message.headers.get('case') ?? '',
    timestampMs: Number(message.timestamp),
  })

const partitionsOf = async (topic: string): Promise<number[]> => {
  const metadata = await admin.metadata({ topics: [topic], forceUpdate: true })
  return Array.from({ length: metadata.topics.get(topic)?.partitionsCount ?? 0 }, (_, i) => i)
}

/** ListOffsets for every partition; -1 asks for the end. */
const offsetsAt = async (topic: string, timestamp: bigint): Promise<Map<number, bigint>> => {
  const partitions = (await partitionsOf(topic)).map((partitionIndex) => ({
    partitionIndex,
    timestamp,
  }))
  const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] })
  return new Map(found?.partitions.map((row) => [row.partitionIndex, row.offset]))
}

const handlers: Handlers = {
  createTopic: async ({ topic, partitions }) => {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
    return null
  },

  partitions: async ({ topic }) => (await partitionsOf(topic)).length,

  produce: async ({ topic, acks, codec, idempotent, header, records }) => {
    const producer = new Producer({
      ...base,
      serializers: stringSerializers,
      ...{ acks, compression: codec, idempotent, autocreateTopics: false },
    })
    const messages = records.map(({ partition, key, value, timestampMs }) => ({
      ...{ topic, partition, key, value, timestamp: BigInt(timestampMs) },
      headers: { case: header },
    }))
    await producer.send({ messages })
    await producer.close()
    return null
  },

  join: async ({ member, group, topic }) => {
    const consumer = new ConsumerOf({
      ...base,
      ...{ groupId: group, deserializers: stringDeserializers, autocommit: false },
      ...{ sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 300 },
      maxWaitTime,
    })
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
    })
    const inbox = new Inbox()
    stream.on('data', (message) => take(inbox, message))
    stream.on('error', (error) => process.stderr.write(`${member}: ${error.stack}\n`))
    const state: Member = { consumer, assignedAt: performance.now(), stream, topic, inbox }
    consumer.on('consumer:group:join', () => {
      state.assignedAt = performance.now()
    })
    members.add(member, state)
    return null
  },

  state: async ({ member }) => {
    const { consumer, assignedAt, inbox, topic } = members.get(member)
    const isSettled = performance.now() - assignedAt > settledMs
    const assignment = consumer.assignments?.find((found) => found.topic === topic)
    return { assigned: isSettled ? (assignment?.partitions ?? []) : [], taken: inbox.handOut() }
  },

  commit: async ({ member }) => {
    const { consumer, topic, inbox } = members.get(member)
    const offsets = inbox.toCommit().map(([partition, offset]) => ({
      ...{ topic, partition, offset: BigInt(offset), leaderEpoch: -1 },
    }))
    await consumer.commit({ offsets })
    return null
  },

  leave: async ({ member }) => {
    const { consumer, stream } = members.remove(member)
    await stream.close()
    await consumer.close(true)
    return null
  },

  committed: async ({ group, topic }) => {
    const partitionIndexes = await partitionsOf(topic)
    const [found] = await admin.listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
    })
    const rows = found?.topics.find((row) => row.name === topic)?.partitions ?? []
    return Object.fromEntries(rows.map((row) => [row.partitionIndex, Number(row.committedOffset)]))
  },

  resetByTime: async ({ group, topic, timestampMs }) => {
    const ends = await offsetsAt(topic, -1n)
    const found = [...(await offsetsAt(topic, BigInt(timestampMs)))]
    const partitionOffsets = found.map(([partition, offset]) => ({
      partition,
      offset: offset >= 0n ? offset : (ends.get(partition) ?? 0n),
    }))
    await admin.alterConsumerGroupOffsets({
      groupId: group,
      topics: [{ name: topic, partitionOffsets }],
    })
    const offsets: Offsets = Object.fromEntries(
      partitionOffsets.map(({ partition, offset }) => [partition, Number(offset)]),
    )
    return offsets
  },
}

await serve(handlers, async () => {
  for (const { consumer } of members.all()) await consumer.close(true)
  await admin.close()
})
