// Rows 15, 41 and 45: fetches without measure, what is taken away from a connected client, and the
// same request again and again.
import { createTopics } from '../../../../src/protocol/kafka/schema/create-topics.ts'
import { deleteTopics } from '../../../../src/protocol/kafka/schema/delete-topics.ts'
import { fetch } from '../../../../src/protocol/kafka/schema/fetch.ts'
import { initProducerId } from '../../../../src/protocol/kafka/schema/init-producer-id.ts'
import { produce } from '../../../../src/protocol/kafka/schema/produce.ts'
import type { Draft } from '../../../../src/wire/schema.ts'
import { requestFrame } from '../../../protocol/kafka/request-frame.ts'
import { endOf, prepare, produceTo } from '../ask.ts'
import { batchOf, batchWith, recordsOf } from '../batches.ts'
import type { Case } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import type { RawClient } from '../raw-client.ts'

type Fetch = Draft<typeof fetch.request.body>

const topic = 'fetched'
const version = 11
const intMax = 0x7fffffff

const wish = (more: Partial<Fetch> = {}, name = topic): Fetch => ({
  maxWaitMs: 0,
  minBytes: 1,
  maxBytes: 1 << 20,
  isolationLevel: 0,
  topics: [
    { topic: name, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] },
  ],
  ...more,
})

async function withRecord(client: RawClient): Promise<RawClient> {
  await client.greet()
  await prepare(client, { name: topic })
  await produceTo(client, topic, batchOf('x'.repeat(1_000)))
  return client
}

const fetched = (sent: string, answer: string, more: () => Partial<Fetch>): Case => ({
  row: 15,
  sent: `Fetch with ${sent}`,
  answer,
  run: async ({ connect }) => {
    const client = await withRecord(await connect())
    const got = await client.call(fetch, version, wish(more()))
    if (got.errorCode !== 0) return nameOf(got.errorCode)
    const first = got.responses[0]?.partitions[0]
    const bytes = first?.records?.length ?? 0
    return `${nameOf(first?.errorCode)}, ${bytes > 0 ? 'with' : 'without'} records`
  },
})

const many = 240_000

const measures: readonly Case[] = [
  fetched('maxBytes 0: one batch comes all the same', 'NONE (0), with records', () => ({
    maxBytes: 0,
  })),
  fetched('maxBytes -1', 'NONE (0), with records', () => ({ maxBytes: -1 })),
  fetched('partitionMaxBytes -1', 'NONE (0), with records', () => ({
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: -1 }] }],
  })),
  fetched('minBytes and maxBytes 2^31-1', 'NONE (0), with records', () => ({
    minBytes: intMax,
    maxBytes: intMax,
    maxWaitMs: 100,
  })),
  fetched('offset 2^63-1', 'OFFSET_OUT_OF_RANGE (1), without records', () => ({
    topics: [
      { topic, partitions: [{ partition: 0, fetchOffset: 2n ** 63n - 1n, partitionMaxBytes: 1 }] },
    ],
  })),
  fetched('offset -5', 'OFFSET_OUT_OF_RANGE (1), without records', () => ({
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: -5n, partitionMaxBytes: 1 }] }],
  })),
  fetched('partition -1', 'UNKNOWN_TOPIC_OR_PARTITION (3), without records', () => ({
    topics: [{ topic, partitions: [{ partition: -1, fetchOffset: 0n, partitionMaxBytes: 1 }] }],
  })),
  fetched('a session that is not there', nameOf(70), () => ({ sessionId: 77, sessionEpoch: 3 })),
  fetched('session epoch -2', nameOf(70), () => ({ sessionId: 0, sessionEpoch: -2 })),
  {
    row: 15,
    sent: 'Fetch with another epoch than its session has',
    answer: nameOf(71),
    run: async ({ connect }) => {
      const client = await withRecord(await connect())
      const { sessionId } = await client.call(fetch, version, wish({ sessionEpoch: 0 }))
      const again = wish({ sessionId, sessionEpoch: 9, topics: [] })
      return nameOf((await client.call(fetch, version, again)).errorCode)
    },
  },
  {
    row: 15,
    sent: 'Fetch with maxWaitMs 2^31-1, then nothing: others are served, and the client may go',
    answer: 'no answer for a second',
    run: async ({ connect }) => {
      const client = await withRecord(await connect())
      const end = BigInt(await endOf(client, topic))
      const partitions = [{ partition: 0, fetchOffset: end, partitionMaxBytes: 1 }]
      client.request(fetch, version, wish({ maxWaitMs: intMax, topics: [{ topic, partitions }] }))
      return (await client.frame(1_000).catch(() => null)) === null
        ? 'no answer for a second'
        : 'an answer'
    },
  },
  ...[-1, 0].map(
    (sessionEpoch): Case => ({
      row: 15,
      sent: `Fetch of ${many} partitions, session epoch ${sessionEpoch}`,
      answer: `${many} times UNKNOWN_TOPIC_OR_PARTITION (3), no session`,
      run: async ({ connect }) => {
        const client = await withRecord(await connect())
        const partitions = Array.from({ length: many }, (_, i) => ({
          partition: i + 1,
          fetchOffset: 0n,
          partitionMaxBytes: 1,
        }))
        const got = await client.call(
          fetch,
          version,
          wish({ sessionEpoch, topics: [{ topic, partitions }] }),
          60_000,
        )
        const codes = got.responses.flatMap((each) => each.partitions.map((p) => p.errorCode))
        const wrong = codes.filter((code) => code === 3).length
        return `${wrong} times ${nameOf(3)}, ${got.sessionId === 0 ? 'no' : 'a'} session`
      },
    }),
  ),
]

const deleted = 'taken-away'

/** Nobody is asked who they are: what can be taken from a client is the topic that it uses. */
const taken: readonly Case[] = [
  {
    row: 41,
    sent: 'a topic deleted under a producer and a waiting consumer',
    answer: `${nameOf(3)} for both, within a second`,
    run: async ({ connect }) => {
      const [producer, consumer] = [await connect(), await connect()]
      await prepare(producer, { name: deleted })
      await consumer.greet()
      consumer.request(fetch, version, wish({ maxWaitMs: 60_000 }, deleted))
      await producer.call(deleteTopics, 5, { topicNames: [deleted], timeoutMs: 1_000 })
      const got = await consumer.answer(fetch, version, 1_000)
      const { code } = await produceTo(producer, deleted, batchOf('a'))
      const codes = [code, got.responses[0]?.partitions[0]?.errorCode]
      return codes.every((each) => each === 3)
        ? `${nameOf(3)} for both, within a second`
        : codes.map(nameOf).join(' and ')
    },
  },
]

const times = 1_000

const replays: readonly Case[] = [
  {
    row: 45,
    sent: `the same idempotent Produce ${times} times`,
    answer: `${times} times ${nameOf(0)}, appended once`,
    run: async ({ connect }) => {
      const client = await withRecord(await connect())
      const made = await client.call(initProducerId, 1, {
        transactionalId: null,
        transactionTimeoutMs: 0,
      })
      const before = await endOf(client, topic)
      const records = batchWith(recordsOf('again'), 1, {
        producerId: made.producerId,
        producerEpoch: 0,
        baseSequence: 0,
      })
      const frame = requestFrame(produce, 9, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 1_000,
        topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
      })
      for (let i = 0; i < times; i++) client.send(frame)
      let good = 0
      for (let i = 0; i < times; i++) {
        const answer = await client.answer(produce, 9)
        if (answer.responses[0]?.partitionResponses[0]?.errorCode === 0) good++
      }
      const appended = (await endOf(client, topic)) - before
      return `${good} times ${nameOf(0)}, appended ${appended === 1 ? 'once' : appended}`
    },
  },
  {
    row: 45,
    sent: `the same CreateTopics ${times} times`,
    answer: `created once, then ${times - 1} times ${nameOf(36)}`,
    run: async ({ connect }) => {
      const client = await (await connect()).greet()
      const numbers = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      const frame = requestFrame(createTopics, 5, {
        topics: [{ name: `replayed-${Date.now()}`, ...numbers }],
        timeoutMs: 1_000,
        validateOnly: false,
      })
      for (let i = 0; i < times; i++) client.send(frame)
      const codes: number[] = []
      for (let i = 0; i < times; i++)
        codes.push((await client.answer(createTopics, 5)).topics[0]?.errorCode ?? Number.NaN)
      const [first, ...rest] = codes
      const again = rest.filter((code) => code === 36).length
      return first === 0 ? `created once, then ${again} times ${nameOf(36)}` : nameOf(first)
    },
  },
  {
    row: 45,
    sent: 'Fetch as if from another broker (replica id 2)',
    answer: nameOf(6),
    run: async ({ connect }) => {
      const client = await withRecord(await connect())
      const got = await client.call(fetch, version, wish({ replicaId: 2 }))
      return nameOf(got.responses[0]?.partitions[0]?.errorCode)
    },
  },
]

export const fetches: readonly Case[] = [...measures, ...taken, ...replays]
