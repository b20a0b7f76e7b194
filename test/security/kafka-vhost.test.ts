// Another vhost for Kafka's clients, as real clients meet it: kafkajs reads what amqplib publishes
// there, and is held to the permissions in that vhost.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import amqplib from 'amqplib'
import kafkajs from 'kafkajs'
import { type RunningBroker, startBroker } from '../../src/start-broker.ts'

const local = { host: '127.0.0.1', port: 0 }
const everything = { configure: '.*', write: '.*', read: '.*' }
const definitions = {
  users: [
    { name: 'clerk', password: 'secret', tags: [] },
    { name: 'stranger', password: 'secret', tags: [] },
  ],
  vhosts: [{ name: 'shop' }],
  permissions: [
    { user: 'clerk', vhost: 'shop', ...everything },
    { user: 'stranger', vhost: '/', ...everything },
  ],
  queues: [{ name: 'orders', vhost: '/', durable: true, auto_delete: false, arguments: {} }],
}

async function withBroker(use: (broker: RunningBroker) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'polymq-kafka-vhost-'))
  try {
    const file = join(dir, 'definitions.json')
    writeFileSync(file, JSON.stringify(definitions))
    const broker = await startBroker({
      dataDir: null,
      listen: { kafka: local, amqp: local },
      config: {
        'polymq.definitions.file': file,
        'polymq.kafka.users': 'accounts',
        'polymq.kafka.vhost': 'shop',
      },
    })
    try {
      await use(broker)
    } finally {
      await broker.close()
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function clientOf(broker: RunningBroker, username: string) {
  const sasl = { mechanism: 'plain', username, password: 'secret' } as const
  const logLevel = kafkajs.logLevel.NOTHING
  return new kafkajs.Kafka({ brokers: [broker.kafka], retry: { retries: 0 }, logLevel, sasl })
}

async function topicsOf(broker: RunningBroker, user: string): Promise<string[]> {
  const admin = clientOf(broker, user).admin()
  await admin.connect()
  try {
    return await admin.listTopics()
  } finally {
    await admin.disconnect()
  }
}

/** Resolves to the first value. */
async function receive(broker: RunningBroker, topic: string): Promise<string> {
  const consumer = clientOf(broker, 'clerk').consumer({ groupId: 'clerks' })
  await consumer.connect()
  try {
    return await new Promise((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
      const eachMessage = async ({ message }: kafkajs.EachMessagePayload) =>
        resolve(String(message.value))
      consumer
        .subscribe({ topic, fromBeginning: true })
        .then(() => consumer.run({ eachMessage }))
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
}

test('the Kafka door shows the vhost that it is told, under the permissions there', () =>
  withBroker(async (broker) => {
    const port = broker.addresses.amqp?.port
    const connection = await amqplib.connect(`amqp://clerk:secret@127.0.0.1:${port}/shop`)
    try {
      const channel = await connection.createConfirmChannel()
      await channel.assertQueue('bills')
      channel.sendToQueue('bills', Buffer.from('from AMQP'))
      await channel.waitForConfirms()
      assert.deepEqual(await topicsOf(broker, 'clerk'), ['bills'])
      assert.deepEqual(await topicsOf(broker, 'stranger'), [])
      assert.equal(await receive(broker, 'bills'), 'from AMQP')
      const producer = clientOf(broker, 'clerk').producer()
      await producer.connect()
      await producer.send({ topic: 'bills', messages: [{ value: 'from Kafka' }] })
      await producer.disconnect()
      const first = await channel.get('bills', { noAck: true })
      const second = await channel.get('bills', { noAck: true })
      const bodies = [first, second].map((got) => (got === false ? '' : String(got.content)))
      assert.deepEqual(bodies, ['from AMQP', 'from Kafka'])
    } finally {
      await connection.close()
    }
  }))
