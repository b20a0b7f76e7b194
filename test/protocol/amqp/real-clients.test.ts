// The door over real sockets, with real clients: amqplib and amqp-client. What is asked here is
// that they get along with it; the rules one by one are in the other files.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { AMQPClient } from '@cloudamqp/amqp-client'
import amqplib from 'amqplib'
import { realChance } from '../../../src/io/real/chance.ts'
import { realClock } from '../../../src/io/real/clock.ts'
import { realNetwork } from '../../../src/io/real/network.ts'
import { type AmqpDoor, openAmqpDoor } from '../../../src/protocol/amqp/door.ts'
import { MemoryMessaging } from './memory-messaging.ts'
import { guestOnly } from './test-door.ts'

let door: AmqpDoor
let url: string
let messaging: MemoryMessaging

before(async () => {
  messaging = new MemoryMessaging()
  door = await openAmqpDoor({
    messaging,
    network: realNetwork(),
    clock: realClock,
    chance: realChance,
    address: { host: '127.0.0.1', port: 0 },
    login: guestOnly,
    report: () => undefined,
  })
  url = `amqp://guest:guest@127.0.0.1:${door.address.port}`
})

after(() => door.close())

test('amqplib declares, publishes with confirms, consumes and acknowledges', async () => {
  const connection = await amqplib.connect(url)
  const publisher = await connection.createConfirmChannel()
  const { queue } = await publisher.assertQueue('a', { durable: true })
  assert.equal(queue, 'a')
  const bodies: string[] = []
  const consumer = await connection.createChannel()
  await consumer.prefetch(10)
  const all = new Promise<void>((resolve) => {
    void consumer.consume('a', (message) => {
      if (message === null) return
      bodies.push(message.content.toString())
      consumer.ack(message)
      if (bodies.length === 1000) resolve()
    })
  })
  for (let i = 0; i < 1000; i++)
    publisher.sendToQueue('a', Buffer.from(`message ${i}`), { persistent: i % 2 === 0 })
  await publisher.waitForConfirms()
  await all
  assert.equal(bodies[0], 'message 0')
  assert.equal(bodies[999], 'message 999')
  await consumer.close()
  await connection.close()
  assert.equal(messaging.queues.get('a')?.inFlight.size, 0)
})

test('amqplib sends a body of many frames and gets it back', async () => {
  const connection = await amqplib.connect(`${url}?frameMax=8192`)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue('large')
  const body = Buffer.alloc(1_000_000, 'abcdefghijk')
  const headers = { text: 'a', number: 7, nested: { list: [1, 'two', true] } }
  channel.publish('', 'large', body, { headers, messageId: 'm1', replyTo: 'r' })
  await channel.waitForConfirms()
  const got = await channel.get('large', { noAck: true })
  assert.ok(got)
  assert.ok(got.content.equals(body))
  assert.deepEqual(got.properties.headers, headers)
  assert.equal(got.properties.messageId, 'm1')
  assert.equal(await channel.get('large'), false)
  await connection.close()
})

test('amqplib hears of what goes wrong with its channel', async () => {
  const connection = await amqplib.connect(url)
  const channel = await connection.createChannel()
  const failed = once(channel, 'error')
  await assert.rejects(channel.checkQueue('none'), /404 \(NOT-FOUND\).*no queue 'none'/)
  const [error] = await failed
  assert.equal((error as { code: number }).code, 404)
  const another = await connection.createChannel()
  await another.assertQueue('after')
  await connection.close()
})

test('amqplib calls by direct reply-to', async () => {
  const connection = await amqplib.connect(url)
  const server = await connection.createChannel()
  await server.assertQueue('calls')
  await server.consume('calls', (message) => {
    assert.ok(message)
    server.sendToQueue(message.properties.replyTo as string, Buffer.from('pong'))
    server.ack(message)
  })
  const client = await connection.createChannel()
  const answer = new Promise<string>((resolve) => {
    void client
      .consume('amq.rabbitmq.reply-to', (message) => resolve(`${message?.content}`), {
        noAck: true,
      })
      .then(() => {
        client.sendToQueue('calls', Buffer.from('ping'), { replyTo: 'amq.rabbitmq.reply-to' })
      })
  })
  assert.equal(await answer, 'pong')
  await connection.close()
})

test('amqp-client publishes with confirms, consumes and is told of a refusal', async () => {
  const client = await new AMQPClient(url).connect()
  const channel = await client.channel()
  await channel.queueDeclare('b', { durable: true })
  await channel.confirmSelect()
  const bodies: (string | null)[] = []
  const all = new Promise<void>((resolve) => {
    void channel.basicConsume('b', { noAck: false }, async (message) => {
      bodies.push(message.bodyString())
      await message.ack()
      if (bodies.length === 100) resolve()
    })
  })
  const confirmed = Array.from({ length: 100 }, (_, i) =>
    channel.basicPublish('', 'b', `message ${i}`, { deliveryMode: 2 }),
  )
  await Promise.all(confirmed)
  await all
  assert.equal(bodies[99], 'message 99')
  await assert.rejects(channel.basicPublish('none', 'x', 'y'), /no exchange 'none'/)
  await client.close()
})
