// node-rdkafka: librdkafka inside Node. It is compiled into .tools, so its types are not at hand
// here; the few calls that are used are written down instead.
import { createRequire } from 'node:module'
import type { Acks, Codec, Handlers, Produce } from './lib/commands.ts'
import { Inbox, Members } from './lib/inbox.ts'
import { bootstrap, serve } from './lib/serve.ts'

type Done<T = unknown> = (error: Error | null, result: T) => void
type Settings = Readonly<Record<string, string | number | boolean>>

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

interface Message extends Place {
  readonly key: Buffer
  readonly value: Buffer
  readonly timestamp: number
  readonly headers?: readonly { readonly case?: Buffer }[]
}

interface Client {
  connect(options: object, done: Done): void
  disconnect(done: Done): void
  getMetadata(options: object, done: Done<Metadata>): void
  on(event: string, listener: (value: never) => void): void
}

interface Consumer extends Client {
  subscribe(topics: readonly string[]): void
  consume(): void
  assignments(): readonly Place[]
  commitSync(places: readonly Place[]): void
  committed(places: readonly object[], timeoutMs: number, done: Done<Place[]>): void
  offsetsForTimes(places: readonly Place[], timeoutMs: number, done: Done<Place[]>): void
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    done: Done<{ highOffset: number }>,
  ): void
}

interface Producer extends Client {
  produce(
    topic: string,
    partition: number,
    value: Buffer,
    key: string,
    timestamp: number,
    opaque: unknown,
    headers: readonly object[],
  ): void
  setPollInterval(ms: number): void
}

interface Metadata {
  readonly topics: readonly { name: string; partitions: readonly unknown[] }[]
}

interface Admin {
  createTopic(topic: object, timeoutMs: number, done: (error?: Error) => void): void
  disconnect(): void
}

interface Library {
  readonly KafkaConsumer: new (global: Settings, topic: Settings) => Consumer
  readonly Producer: new (global: Settings, topic: Settings) => Producer
  readonly AdminClient: { create(global: Settings): Admin }
}

const { NODE_RDKAFKA = 'node-rdkafka' } = process.env
const library = createRequire(import.meta.url)(NODE_RDKAFKA) as Library
const base: Settings = { 'metadata.broker.list': bootstrap, 'client.id': 'suite' }
const timeoutMs = 20_000

/** A promise of what a call with a callback answers. */
const promised = <T>(call: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    call((error, result) => (error ? reject(new Error(error.message)) : resolve(result))),
  )

const connect = (client: Client): Promise<unknown> =>
  promised((done) => client.connect({ timeout: timeoutMs }, done))
const disconnect = (client: Client): Promise<unknown> => promised((done) => client.disconnect(done))

interface Member {
  readonly consumer: Consumer
  readonly topic: string
  readonly inbox: Inbox
}

const members = new Members<Member>()
const admin = library.AdminClient.create(base)

const consumerOf = async (group: string): Promise<Consumer> => {
  const consumer = new library.KafkaConsumer(
    {
      ...base,
      'group.id': group,
      'enable.auto.commit': false,
      'session.timeout.ms': 10_000,
      'heartbeat.interval.ms': 300,
    },
    { 'auto.offset.reset': 'earliest' },
  )
  consumer.on('event.error', (error: Error) => process.stderr.write(`${error.message}\n`))
  await connect(consumer)
  return consumer
}

/** For questions that need a consumer but no member. */
const withConsumer = async <T>(
  group: string,
  ask: (consumer: Consumer) => Promise<T>,
): Promise<T> => {
  const consumer = await consumerOf(group)
  try {
    return await ask(consumer)
  } finally {
    await disconnect(consumer)
  }
}

const partitionsOf = (topic: string): Promise<number[]> =>
  withConsumer('asking', async (consumer) => {
    const metadata = await promised<Metadata>((done) =>
      consumer.getMetadata({ topic, timeout: timeoutMs }, done),
    )
    const found = metadata.topics.find(({ name }) => name === topic)
    return (found?.partitions ?? []).map((_, partition) => partition)
  })

const producerOf = async (acks: Acks, codec: Codec, idempotent: boolean): Promise<Producer> => {
  const producer = new library.Producer(
    {
      ...base,
      'compression.codec': codec,
      'enable.idempotence': idempotent,
      dr_cb: true,
    },
    { 'request.required.acks': acks },
  )
  await connect(producer)
  producer.setPollInterval(20)
  return producer
}

/** Produces and waits for each record's delivery report. */
const send = (producer: Producer, given: Produce): Promise<void> =>
  new Promise((resolve, reject) => {
    let waiting = given.records.length
    producer.on('delivery-report', (error: Error | null) => {
      if (error) reject(new Error(error.message))
      waiting--
      if (waiting === 0) resolve()
    })
    const headers = [{ case: given.header }]
    for (const { partition, key, value, timestampMs } of given.records)
      producer.produce(given.topic, partition, Buffer.from(value), key, timestampMs, null, headers)
  })

const places = (topic: string, offsets: readonly (readonly [number, number])[]): Place[] =>
  offsets.map(([partition, offset]) => ({ topic, partition, offset }))

const handlers: Handlers = {
  createTopic: async ({ topic, partitions }) => {
    const wanted = { topic, num_partitions: partitions, replication_factor: 1 }
    await promised<void>((done) =>
      admin.createTopic(wanted, timeoutMs, (error) => done(error ?? null, undefined)),
    )
    return null
  },

  partitions: async ({ topic }) => (await partitionsOf(topic)).length,

  produce: async (given) => {
    const producer = await producerOf(given.acks, given.codec, given.idempotent)
    await send(producer, given)
    await disconnect(producer)
    return null
  },

  join: async ({ member, group, topic }) => {
    const consumer = await consumerOf(group)
    const inbox = new Inbox()
    consumer.on('data', ({ partition, offset, key, value, timestamp, headers }: Message) =>
      inbox.add({
        ...{ partition, offset, key: String(key), value: String(value) },
        header: String(headers?.find((header) => 'case' in header)?.case),
        timestampMs: timestamp,
      }),
    )
    consumer.subscribe([topic])
    consumer.consume()
    members.add(member, { consumer, topic, inbox })
    return null
  },

  state: async ({ member }) => {
    const { consumer, inbox } = members.get(member)
    return {
      assigned: consumer.assignments().map(({ partition }) => partition),
      taken: inbox.handOut(),
    }
  },

  commit: async ({ member }) => {
    const { consumer, topic, inbox } = members.get(member)
    consumer.commitSync(places(topic, inbox.toCommit()))
    return null
  },

  leave: async ({ member }) => {
    await disconnect(members.remove(member).consumer)
    return null
  },

  committed: async ({ group, topic }) => {
    const wanted = (await partitionsOf(topic)).map((partition) => ({ topic, partition }))
    const rows = await withConsumer(group, (consumer) =>
      promised<Place[]>((done) => consumer.committed(wanted, timeoutMs, done)),
    )
    return Object.fromEntries(rows.map(({ partition, offset }) => [partition, offset ?? -1]))
  },

  resetByTime: async ({ group, topic, timestampMs }) => {
    const wanted = (await partitionsOf(topic)).map((p) => [p, timestampMs] as const)
    return withConsumer(group, async (consumer) => {
      const found = await promised<Place[]>((done) =>
        consumer.offsetsForTimes(places(topic, wanted), timeoutMs, done),
      )
      const offsets: [number, number][] = []
      for (const { partition, offset } of found) {
        const end = await promised<{ highOffset: number }>((done) =>
          consumer.queryWatermarkOffsets(topic, partition, timeoutMs, done),
        )
        offsets.push([partition, offset >= 0 ? offset : end.highOffset])
      }
      consumer.commitSync(places(topic, offsets))
      return Object.fromEntries(offsets)
    })
  },
}

await serve(handlers, async () => {
  for (const { consumer } of members.all()) await disconnect(consumer)
  admin.disconnect()
})
