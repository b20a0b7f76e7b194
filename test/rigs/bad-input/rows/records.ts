// Rows 9, 11 and 13: record batches that lie. Whatever is refused must leave the log as it was.

import { varint } from '../../../../src/model/records.ts'
import { initProducerId } from '../../../../src/protocol/kafka/schema/init-producer-id.ts'
import { produce } from '../../../../src/protocol/kafka/schema/produce.ts'
import { endOf, prepare, produceTo } from '../ask.ts'
import { batchOf, batchWith, recordsOf, recordWith } from '../batches.ts'
import type { Case } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import type { RawClient } from '../raw-client.ts'

const topic = 'lies'
const corrupt = nameOf(2)
const invalid = nameOf(87)
const sequence = { producerEpoch: 0, baseSequence: 0 }

/** Produces and looks whether the end of the log tells the same story as the answer. */
async function produced(client: RawClient, records: Uint8Array, to = topic): Promise<string> {
  const before = await endOf(client, to)
  const { code } = await produceTo(client, to, records)
  const appended = (await endOf(client, to)) - before
  const isSame = (code === 0) === appended > 0
  return isSame ? nameOf(code) : `${nameOf(code)}, yet ${appended} records were appended`
}

const refuses = (row: number, sent: string, answer: string, records: () => Uint8Array): Case => ({
  row,
  sent,
  answer,
  run: async ({ connect }) => {
    const client = await (await connect()).greet()
    await prepare(client, { name: topic })
    return produced(client, records())
  },
})

/** A good batch with some bytes of its header overwritten, the checksum left as it was. */
const patched = (at: number, ...bytes: number[]): Uint8Array => {
  const batch = batchOf('a', 'b')
  batch.set(bytes, at)
  return batch
}

const good = (): Uint8Array => recordsOf('a', 'b')
const hour = 3_600_000

const batches: readonly Case[] = [
  refuses(9, 'a batch with a wrong checksum', corrupt, () => patched(17, 1, 2, 3, 4)),
  refuses(9, 'a flipped bit in a record', corrupt, () => patched(65, 0xff)),
  refuses(9, 'a batch length beyond the bytes', invalid, () => patched(8, 0x7f, 0xff, 0xff, 0xff)),
  refuses(9, 'a negative batch length', corrupt, () => patched(8, 0xff, 0xff, 0xff, 0xff)),
  refuses(9, 'a batch length of 0', corrupt, () => patched(8, 0, 0, 0, 0)),
  refuses(9, 'magic 3', corrupt, () => patched(16, 3)),
  refuses(9, 'magic 1', invalid, () => patched(16, 1)),
  refuses(9, 'ten bytes', invalid, () => new Uint8Array(10)),
  refuses(9, 'no bytes', invalid, () => new Uint8Array(0)),
  refuses(9, 'two batches for one partition', invalid, () =>
    Buffer.concat([batchOf('a'), batchOf('b')]),
  ),
  refuses(9, 'two records that claim to be 1000', invalid, () => batchWith(good(), 1000)),
  refuses(9, 'two records that claim to be one', invalid, () => batchWith(good(), 1)),
  refuses(9, 'a batch of no records', invalid, () => batchWith(new Uint8Array(0), 0)),
  refuses(9, '2^31-1 records', invalid, () => batchWith(good(), 0x7fffffff)),
  refuses(9, 'a base offset that is not 0', invalid, () => batchWith(good(), 2, { baseOffset: 5 })),
  refuses(9, 'offset deltas 0, 5', invalid, () =>
    batchWith(Buffer.concat([recordWith({}), recordWith({ offsetDelta: 5 })]), 2),
  ),
  refuses(9, 'the last offset delta 7 of two records', invalid, () =>
    batchWith(good(), 2, { lastOffsetDelta: 7 }),
  ),
  refuses(9, 'a control batch', invalid, () => batchWith(good(), 2, { attributes: 0x20 })),
  refuses(9, 'a codec with the number 7', invalid, () => batchWith(good(), 2, { attributes: 7 })),
  refuses(9, 'a timestamp ten hours ahead', nameOf(32), () =>
    batchWith(recordWith({ timestampDelta: 10 * hour }), 1, {
      maxTimestamp: Date.now() + 10 * hour,
    }),
  ),
  refuses(9, 'records cut short', invalid, () => batchWith(good().subarray(0, 5), 2)),
  refuses(9, 'a record of 2^31 bytes', invalid, () =>
    batchWith(Buffer.concat([varint(2 ** 31), good()]), 2),
  ),
  refuses(9, 'acks=7', nameOf(21), () => batchOf('a')),
].map((each) => (each.sent === 'acks=7' ? { ...each, run: withAcks } : each))

async function withAcks({ connect }: Parameters<Case['run']>[0]): Promise<string> {
  const client = await (await connect()).greet()
  await prepare(client, { name: topic })
  return nameOf((await produceTo(client, topic, batchOf('a'), 7)).code)
}

const header = (key: Uint8Array): Uint8Array => Buffer.concat([varint(key.length), key, varint(0)])

const withHeaders = (count: number, ...headers: readonly Uint8Array[]): Uint8Array =>
  batchWith(recordWith({ headers: Buffer.concat([varint(count), ...headers]) }), 1)

const headers: readonly Case[] = [
  refuses(11, 'a record with 200,000 headers', invalid, () => {
    const one = header(Buffer.from('h'))
    return withHeaders(200_000, Buffer.concat(Array.from({ length: 200_000 }, () => one)))
  }),
  refuses(11, '2^31-1 headers, of which none comes', invalid, () => withHeaders(0x7fffffff)),
  refuses(11, '-5 headers', invalid, () => withHeaders(-5)),
  refuses(11, 'a header without a key', invalid, () => withHeaders(1, varint(-1), varint(0))),
  refuses(11, 'a header key longer than the record', invalid, () => withHeaders(1, varint(9999))),
  refuses(
    11,
    'a header key that is not UTF-8 (bytes are kept as they come, as by Kafka)',
    'NONE (0)',
    () => withHeaders(1, header(Buffer.of(0xff, 0xfe, 0xc0))),
  ),
]

/** Batches of one producer, one after the other; what the last one gets. */
const producer = (
  sent: string,
  answer: string,
  ...fields: readonly { producerEpoch: number; baseSequence: number }[]
): Case => ({
  row: 13,
  sent,
  answer,
  run: async ({ connect }) => {
    const client = await (await connect()).greet()
    await prepare(client, { name: topic })
    const producerId = await newProducerId(client)
    let last = ''
    for (const each of fields)
      last = nameOf(
        (await produceTo(client, topic, batchWith(good(), 2, { producerId, ...each }))).code,
      )
    return last
  },
})

async function newProducerId(client: RawClient): Promise<number> {
  const answer = await client.call(initProducerId, 1, {
    transactionalId: null,
    transactionTimeoutMs: 0,
  })
  return answer.producerId
}

const producers: readonly Case[] = [
  producer('a sequence that leaves a gap', nameOf(45), sequence, { ...sequence, baseSequence: 9 }),
  producer('an older epoch', nameOf(47), { ...sequence, producerEpoch: 3 }, sequence),
  producer('epoch 32767', nameOf(0), { ...sequence, producerEpoch: 0x7fff }),
  producer('a new epoch that does not begin at 0', nameOf(45), sequence, {
    producerEpoch: 1,
    baseSequence: 4,
  }),
  producer('epoch -1, as Kafka takes it', nameOf(0), { ...sequence, producerEpoch: -1 }),
  producer('sequence -1', invalid, { ...sequence, baseSequence: -1 }),
  producer(
    'sequences across 2^31-1, as they wrap',
    nameOf(0),
    { ...sequence, baseSequence: 0x7fffffff - 1 },
    { ...sequence, baseSequence: 0 },
  ),
  refuses(13, 'a producer id that nobody was given (taken, as by Kafka)', nameOf(0), () =>
    batchWith(good(), 2, { producerId: 2 ** 40, ...sequence }),
  ),
  refuses(13, 'a transactional batch', nameOf(53), () =>
    batchWith(good(), 2, { attributes: 0x10, producerId: 5, ...sequence }),
  ),
  {
    row: 13,
    sent: 'Produce with a transactional id of somebody',
    answer: nameOf(53),
    run: async ({ connect }) => {
      const client = await (await connect()).greet()
      await prepare(client, { name: topic })
      const answer = await client.call(produce, 9, {
        transactionalId: 'of-somebody',
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: topic, partitionData: [{ index: 0, records: batchOf('a') }] }],
      })
      return nameOf(answer.responses[0]?.partitionResponses[0]?.errorCode)
    },
  },
  {
    row: 13,
    sent: 'InitProducerId with a transactional id',
    answer: nameOf(53),
    run: async ({ connect }) => {
      const request = { transactionalId: 'of-somebody', transactionTimeoutMs: 1000 }
      return nameOf((await (await connect()).call(initProducerId, 1, request)).errorCode)
    },
  },
]

export const records: readonly Case[] = [...batches, ...headers, ...producers]
