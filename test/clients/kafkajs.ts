// kafkajs, with the codecs registered that it leaves to its users: kafkajs-snappy, and lz4 and zstd
// from the packages that PolyMQ itself depends on.
import { createRequire } from 'node:module'
import { compress, decompress, init } from '@bokuweb/zstd-wasm'
import kafkajs, { type Consumer, type IHeaders } from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import type { Codec, Handlers, Offsets } from './lib/commands.ts'
import { Inbox, Members } from './lib/inbox.ts'
import { bootstrap, serve } from './lib/serve.ts'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs

interface Encoder {
  readonly buffer: Buffer
}

await init()
CompressionCodecs[CompressionTypes.Snappy] = createRequire(import.meta.url)('kafkajs-snappy')
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder: Encoder) => compressFrame(encoder.buffer),
  decompress: (buffer: Buffer) => decompressFrame(buffer),
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder: Encoder) => Buffer.from(compress(encoder.buffer)),
  decompress: async (buffer: Buffer) => Buffer.from(decompress(buffer)),
})

const codecs: Readonly<Record<Codec, number>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

const kafka = new Kafka({
  clientId: 'suite',
  brokers: [bootstrap],
  logLevel: logLevel.WARN,
  logCreator: () => (entry) => process.stderr.write(`${JSON.stringify(entry.log)}\n`),
})
const admin = kafka.admin()
await admin.connect()

interface Member {
  readonly consumer: Consumer
  readonly group: string
  readonly topic: string
  readonly inbox: Inbox
  assigned: number[]
}

const headerOf = ({ case: value }: IHeaders = {}): string => String(value)

const members = new Members<Member>()

const byPartition = (rows: readonly { partition: number; offset: string }[]): Offsets =>
  Object.fromEntries(rows.map((row) => [row.partition, Number(row.offset)]))

const handlers: Handlers = {
  createTopic: async ({ topic, partitions }) => {
    const made = await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
    if (!made) throw new Error(`${topic} was there already`)
    return null
  },

  partitions: async ({ topic }) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  },

  produce: async ({ topic, acks, codec, idempotent, header, records }) => {
    const producer = kafka.producer({ idempotent, allowAutoTopicCreation: false })
    await producer.connect()
    const messages = records.map(({ partition, key, value, timestampMs }) => ({
      ...{ partition, key, value, timestamp: String(timestampMs) },
      headers: { case: header },
    }))
    await producer.send({ topic, acks, compression: codecs[codec], messages })
    await producer.disconnect()
    return null
  },

  join: async ({ member, group, topic }) => {
    const timing = { sessionTimeout: 10_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 }
    const consumer = kafka.consumer({ groupId: group, ...timing })
    const state: Member = { consumer, group, topic, inbox: new Inbox(), assigned: [] }
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      state.assigned = payload.memberAssignment[topic] ?? []
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) =>
        state.inbox.add({
          partition,
          offset: Number(message.offset),
          key: String(message.key),
          value: String(message.value),
          header: headerOf(message.headers),
          timestampMs: Number(message.timestamp),
        }),
    })
    members.add(member, state)
    return null
  },

  state: async ({ member }) => {
    const { assigned, inbox } = members.get(member)
    return { assigned, taken: inbox.handOut() }
  },

  commit: async ({ member }) => {
    const { consumer, topic, inbox } = members.get(member)
    const offsets = inbox.toCommit()
    await consumer.commitOffsets(
      offsets.map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    )
    return null
  },

  leave: async ({ member }) => {
    await members.remove(member).consumer.disconnect()
    return null
  },

  committed: async ({ group, topic }) => {
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    return byPartition(found?.partitions ?? [])
  },

  resetByTime: async ({ group, topic, timestampMs }) => {
    const partitions = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs)
    await admin.setOffsets({ groupId: group, topic, partitions })
    return byPartition(partitions)
  },
}

await serve(handlers, async () => {
  for (const { consumer } of members.all()) await consumer.disconnect()
  await admin.disconnect()
})
