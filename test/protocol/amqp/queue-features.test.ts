// What queues and exchanges do beyond routing and keeping, as a client of the door meets it:
// delays, retries with back-off, consumers that are too slow, dead letters that nobody takes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type amqplib from 'amqplib'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { withClient } from './node-client.ts'

type Message = amqplib.ConsumeMessage

const persistent = { persistent: true }
const textOf = (message: { readonly content: Buffer } | false | null): string =>
  message ? message.content.toString() : 'nothing'

/** Resolves with the first `count` messages. */
async function collect(channel: amqplib.Channel, queue: string, count: number): Promise<Message[]> {
  const messages: Message[] = []
  await new Promise<void>((resolve, reject) => {
    const take = (message: Message | null): void => {
      if (message === null) return
      messages.push(message)
      if (messages.length === count) resolve()
    }
    channel.consume(queue, take, { noAck: true }).catch(reject)
  })
  return messages
}

test('x-delayed-message: what is sent later and due sooner comes first', () =>
  withClient(async (connection) => {
    const channel = await connection.createConfirmChannel()
    const args = { arguments: { 'x-delayed-type': 'direct' } }
    await channel.assertExchange('later', 'x-delayed-message', args)
    await channel.assertQueue('q')
    await channel.bindQueue('q', 'later', 'k')
    for (const delay of [500, 20, 0]) {
      const headers = { 'x-delay': delay }
      channel.publish('later', 'k', Buffer.from(`${delay}`), { ...persistent, headers })
    }
    await channel.waitForConfirms()
    const messages = await collect(channel, 'q', 3)
    assert.deepEqual(
      messages.map((m) => textOf(m)),
      ['0', '20', '500'],
    )
    assert.deepEqual(
      messages.map((m) => m.properties.headers?.['x-delay'] + 0),
      [0, -20, -500],
    )
  }))

for (const [growth, minimumMs] of [
  ['linear', 100 + 200 + 300],
  ['exponential', 100 + 200 + 400],
] as const)
  test(`x-delayed-retry: what fails comes again after a ${growth} delay, behind others`, () =>
    withClient(async (connection) => {
      const channel = await connection.createChannel()
      const retry = {
        'x-delayed-retry-type': 'failed',
        'x-delayed-retry-min': 100,
        'x-delayed-retry-max': 1000,
        'x-delayed-retry-growth': growth,
        'x-delivery-limit': 3,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': 'dead',
      }
      await channel.assertQueue('dead')
      await channel.assertQueue('work', { arguments: retry })
      await channel.prefetch(1)
      for (const text of ['bad', 'good']) channel.sendToQueue('work', Buffer.from(text), persistent)
      const seen: string[] = []
      const startMs = Date.now()
      await channel.consume('work', (message) => {
        if (message === null) return
        seen.push(textOf(message))
        if (textOf(message) === 'good') channel.ack(message)
        else channel.reject(message, true)
      })
      const [dead] = await collect(channel, 'dead', 1)
      assert.deepEqual(seen, ['bad', 'good', 'bad', 'bad', 'bad'])
      assert.equal(dead?.properties.headers?.['x-death']?.[0]?.reason, 'delivery_limit')
      // Of clocks that count whole milliseconds, two may differ by one.
      assert(Date.now() - startMs >= minimumMs - 1)
    }))

test('x-consumer-timeout: the consumer is cancelled, others of its channel go on', () =>
  withClient(async (connection) => {
    const channel = await connection.createChannel()
    await channel.assertQueue('q', { arguments: { 'x-consumer-timeout': 30 } })
    await channel.assertQueue('other')
    let late: Message | null = null
    const cancelled = new Promise<void>((resolve) => {
      void channel.consume('q', (message) => {
        if (message === null) resolve()
        else late = message
      })
    })
    channel.sendToQueue('q', Buffer.from('1'), persistent)
    await cancelled
    assert(late)
    const got = await channel.get('q')
    assert(got)
    assert.deepEqual([textOf(got), got.fields.redelivered], ['1', true])
    // It went back already: nobody is hurt.
    channel.ack(late)
    channel.sendToQueue('other', Buffer.from('2'), persistent)
    assert.deepEqual(
      (await collect(channel, 'other', 1)).map((m) => textOf(m)),
      ['2'],
    )
    channel.ack(got)
    assert.equal((await channel.checkQueue('q')).messageCount, 0)
  }))

test('x-consumer-timeout: a client that takes no cancel loses its channel', () =>
  withClient(
    async (connection) => {
      const channel = await connection.createChannel()
      const failed = new Promise<Error>((resolve) => channel.on('error', resolve))
      await channel.assertQueue('q')
      await channel.consume('q', () => undefined, { arguments: { 'x-consumer-timeout': 20 } })
      channel.sendToQueue('q', Buffer.from('1'), persistent)
      assert.match(
        (await failed).message,
        /406 .*PRECONDITION_FAILED - delivery acknowledgement on/,
      )
      const another = await connection.createChannel()
      assert.equal(textOf(await another.get('q')), '1')
    },
    memoryDisk(),
    { capabilities: { 'basic.nack': true } },
  ))

test('x-dead-letter-strategy: at-least-once keeps what nobody takes yet', async () => {
  const disk = memoryDisk()
  await withClient(async (connection) => {
    const channel = await connection.createConfirmChannel()
    const kept = {
      'x-dead-letter-exchange': 'graves',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    }
    await channel.assertQueue('q', { arguments: kept })
    channel.sendToQueue('q', Buffer.from('1'), persistent)
    const got = await channel.get('q')
    assert(got)
    channel.nack(got, false, false)
    channel.sendToQueue('q', Buffer.from('2'), persistent)
    await channel.waitForConfirms()
    assert.equal(textOf(await channel.get('q', { noAck: true })), '2')
    await channel.assertExchange('graves', 'fanout')
    await channel.assertQueue('dead')
    await channel.bindQueue('dead', 'graves', '')
  }, disk)
  await withClient(async (connection) => {
    const channel = await connection.createChannel()
    const [dead] = await collect(channel, 'dead', 1)
    assert.equal(textOf(dead ?? null), '1')
    assert.equal((await channel.checkQueue('q')).messageCount, 0)
  }, disk)
})
