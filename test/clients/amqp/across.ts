// One process, two protocols: amqplib and kafkajs, unmodified, on the same queues and topics.
import assert from 'node:assert/strict'
import amqplib from 'amqplib'
import { Kafka, logLevel } from 'kafkajs'
import type { Check } from '../lib/report.ts'
import type { AmqpBroker } from './broker.ts'

interface Seen {
  readonly key: string | null
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** Reads a topic from its start until there are so many records. */
async function readTopic(kafka: Kafka, topic: string, count: number): Promise<Seen[]> {
  const consumer = kafka.consumer({ groupId: `across-${topic}-${count}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const seen: Seen[] = []
  await new Promise<void>((done, failed) => {
    const eachMessage = async ({ message }: { message: KafkaRecord }) => {
      seen.push(seenOf(message))
      if (seen.length === count) done()
    }
    consumer.run({ eachMessage }).catch(failed)
  })
  await consumer.disconnect()
  return seen
}

interface KafkaRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}

const seenOf = ({ key, value, headers = {} }: KafkaRecord): Seen => ({
  key: key === null ? null : key.toString(),
  body: value === null ? '' : value.toString(),
  headers: Object.fromEntries(Object.entries(headers).map(([name, each]) => [name, String(each)])),
})

type Channel = Awaited<
  ReturnType<Awaited<ReturnType<typeof amqplib.connect>>['createConfirmChannel']>
>

interface Delivered {
  readonly body: string
  readonly routingKey: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** The next so many messages of a queue, acknowledged. */
async function readQueue(
  channel: Channel,
  queue: string,
  count: number,
  args: Readonly<Record<string, unknown>> = {},
): Promise<Delivered[]> {
  const seen: Delivered[] = []
  let consumerTag = ''
  await channel.prefetch(count)
  await new Promise<void>((done, failed) => {
    const take = (message: amqplib.ConsumeMessage | null): void => {
      if (message === null || seen.length === count) return
      const { content, fields, properties } = message
      const { routingKey } = fields
      seen.push({ body: content.toString(), routingKey, headers: properties.headers ?? {} })
      channel.ack(message)
      if (seen.length === count) done()
    }
    channel.consume(queue, take, { arguments: args }).then((answer) => {
      consumerTag = answer.consumerTag
    }, failed)
  })
  await channel.cancel(consumerTag)
  return seen
}

const bodies = (list: readonly { readonly body: string }[]): string[] =>
  list.map(({ body }) => body)

export async function runAcross(broker: AmqpBroker, check: Check): Promise<void> {
  if (broker.kafkaPort === null) return
  const connection = await amqplib.connect(broker.url)
  const channel = await connection.createConfirmChannel()
  const kafka = new Kafka({
    clientId: 'across',
    brokers: [`127.0.0.1:${broker.kafkaPort}`],
    logLevel: logLevel.NOTHING,
  })
  const producer = kafka.producer()
  const admin = kafka.admin()
  await Promise.all([producer.connect(), admin.connect()])
  const world: World = { channel, kafka, producer, admin }
  for (const [title, body] of Object.entries(cases)) await check(title, () => body(world))
  await Promise.all([producer.disconnect(), admin.disconnect()])
  await connection.close()
}

interface World {
  readonly channel: Channel
  readonly kafka: Kafka
  readonly producer: ReturnType<Kafka['producer']>
  readonly admin: ReturnType<Kafka['admin']>
}

const cases: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'a queue is read by Kafka, with its headers': async ({ channel, kafka, admin }) => {
    await channel.assertQueue('across-orders', { durable: true })
    await channel.assertQueue('across orders/é', { durable: true })
    const topics = await admin.listTopics()
    assert.ok(topics.includes('across-orders') && topics.includes('--across-20orders-2f-c3-a9'))
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = { traceparent, 'x-kafka-key': 'k1' }
    const options = { persistent: true, messageId: 'm1', contentType: 'text/plain', headers }
    channel.sendToQueue('across-orders', Buffer.from('one'), options)
    channel.sendToQueue('across-orders', Buffer.from('two'), { persistent: true })
    await channel.waitForConfirms()
    const [one, two] = await readTopic(kafka, 'across-orders', 2)
    assert.deepEqual([one?.key, one?.body, two?.body], ['k1', 'one', 'two'])
    assert.equal(one?.headers['traceparent'], traceparent)
    assert.equal(one?.headers['content-type'], 'text/plain')
    assert.equal(one?.headers['amqp.message-id'], 'm1')
  },

  'what Kafka produces is a message in the queue': async ({ channel, producer }) => {
    await channel.assertQueue('across-in', { durable: true })
    const headers = { traceparent: '00-1', 'content-type': 'application/json' }
    const messages = [{ key: 'k', value: 'a', headers }, { value: 'b' }]
    await producer.send({ topic: 'across-in', messages })
    const [a, b] = await readQueue(channel, 'across-in', 2)
    assert.deepEqual([a?.body, b?.body, a?.routingKey], ['a', 'b', 'across-in'])
    assert.equal(a?.headers['x-kafka-key'], 'k')
    assert.equal(a?.headers['traceparent'], '00-1')
    assert.equal((await channel.checkQueue('across-in')).messageCount, 0)
  },

  'a topic is a stream': async ({ channel, producer, admin, kafka }) => {
    await admin.createTopics({ topics: [{ topic: 'across-events', numPartitions: 3 }] })
    await channel.checkQueue('across-events')
    for (const partition of [0, 1, 2])
      await producer.send({
        topic: 'across-events',
        messages: [{ partition, value: `kafka ${partition}` }],
      })
    await channel.bindQueue('across-events', 'amq.topic', 'across.#')
    channel.publish('amq.topic', 'across.x', Buffer.from('amqp'))
    await channel.waitForConfirms()
    const wanted = ['amqp', 'kafka 0', 'kafka 1', 'kafka 2']
    const args = { 'x-stream-offset': 'first' }
    const read = await readQueue(channel, 'across-events', 4, args)
    assert.deepEqual(bodies(read).sort(), wanted)
    const partitions = read.map(({ headers }) => Number(headers['x-stream-partition']))
    assert.deepEqual([...new Set(partitions)].sort(), [0, 1, 2])
    assert.deepEqual(bodies(await readTopic(kafka, 'across-events', 4)).sort(), wanted)
  },

  'a stream is a topic': async ({ channel, admin, kafka }) => {
    const args = { 'x-queue-type': 'stream', 'x-max-age': '1h' }
    await channel.assertQueue('across-stream', { durable: true, arguments: args })
    channel.sendToQueue('across-stream', Buffer.from('a'))
    await channel.waitForConfirms()
    assert.deepEqual(bodies(await readTopic(kafka, 'across-stream', 1)), ['a'])
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'across-stream' }],
    })
    const age = resources[0]?.configEntries.find((e) => e.configName === 'retention.ms')
    assert.equal(age?.configValue, '3600000')
    await admin.deleteTopics({ topics: ['across-stream'] })
    const again = await channel.assertQueue('across-stream', { durable: true })
    assert.equal(again.messageCount, 0)
  },

  'a queue over a topic, beside a group of Kafka': async ({ channel, producer, kafka, admin }) => {
    await admin.createTopics({ topics: [{ topic: 'across-log', numPartitions: 2 }] })
    const args = { 'x-topic': 'across-log', 'x-stream-offset': 'first' }
    const messages = ['a', 'b', 'c'].map((value, partition) => ({
      partition: partition % 2,
      value,
    }))
    await producer.send({ topic: 'across-log', messages })
    await channel.assertQueue('across-work', { durable: true, arguments: args })
    assert.deepEqual(bodies(await readQueue(channel, 'across-work', 3)).sort(), ['a', 'b', 'c'])
    await channel.deleteQueue('across-work')
    assert.deepEqual(bodies(await readTopic(kafka, 'across-log', 3)).sort(), ['a', 'b', 'c'])
  },
}
