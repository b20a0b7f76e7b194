// Real clients through the door to a whole node: exchanges, queues, dead letters, and what is left
// after a restart. What the door or the node do alone is asked in their own tests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type amqplib from 'amqplib'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { withClient } from './node-client.ts'

test('confirmed messages are there after a restart, less what was acknowledged', async () => {
  const disk = memoryDisk()
  await withClient(async (connection) => {
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('q', { durable: true })
    await channel.assertExchange('e', 'topic')
    await channel.bindQueue('q', 'e', 'a.*')
    await channel.prefetch(10)
    const acked = new Promise<void>((resolve) => {
      let count = 0
      void channel.consume('q', (message) => {
        if (message === null || count === 50) return
        channel.ack(message)
        if (++count === 50) resolve()
      })
    })
    for (let i = 0; i < 100; i++)
      channel.publish('e', `a.${i % 7}`, Buffer.from(String(i)), { persistent: true })
    await channel.waitForConfirms()
    await acked
    // What was settled before is durable with the next confirm.
    channel.publish('e', 'nowhere', Buffer.from('x'), { persistent: true })
    channel.sendToQueue('q', Buffer.from('100'), { persistent: true })
    await channel.waitForConfirms()
  }, disk)
  await withClient(async (connection) => {
    const channel = await connection.createChannel()
    const { messageCount } = await channel.checkQueue('q')
    assert.equal(messageCount, 51)
    for (let i = 50; i <= 100; i++) {
      const got = await channel.get('q', { noAck: true })
      assert.ok(got)
      assert.equal(got.content.toString(), String(i))
    }
  }, disk)
})

test('a rejected message comes with its death; mandatory ones come back', () =>
  withClient(async (connection) => {
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('graves')
    await channel.assertQueue('work', { deadLetterExchange: '', deadLetterRoutingKey: 'graves' })
    channel.sendToQueue('work', Buffer.from('a'), { headers: { mine: 1 }, persistent: true })
    await channel.waitForConfirms()
    const got = await channel.get('work')
    assert.ok(got)
    channel.nack(got, false, false)
    const dead = await new Promise<amqplib.ConsumeMessage | null>((resolve) => {
      void channel.consume('graves', resolve, { noAck: true })
    })
    assert.ok(dead)
    assert.equal(dead.fields.routingKey, 'graves')
    const { headers } = dead.properties
    assert.equal(headers?.['mine'], 1)
    const death = headers?.['x-death']?.[0]
    assert.deepEqual([death?.queue, death?.reason, death?.count], ['work', 'rejected', 1])
    const returned = new Promise<string>((resolve) => {
      channel.on('return', (message) => resolve(message.content.toString()))
    })
    channel.publish('amq.direct', 'nowhere', Buffer.from('back'), { mandatory: true })
    assert.equal(await returned, 'back')
  }))

test('what is refused closes the channel in the words that clients know', () =>
  withClient(async (connection) => {
    const failed = async (use: (channel: amqplib.Channel) => Promise<unknown>) => {
      const channel = await connection.createChannel()
      channel.on('error', () => undefined)
      return use(channel).then(
        () => 'ok',
        (error: Error) => error.message,
      )
    }
    const first = await connection.createChannel()
    await first.assertQueue('q', { maxLength: 3 })
    for (const [use, words] of [
      [
        (c) => c.assertQueue('q'),
        /406 .*PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '\/'/,
      ],
      [(c) => c.checkQueue('none'), /404 .*NOT_FOUND - no queue 'none' in vhost '\/'/],
      [(c) => c.assertQueue('amq.mine'), /403 .*ACCESS_REFUSED - queue name 'amq.mine' contains/],
      [(c) => c.assertExchange('amq.direct', 'fanout'), /406 .*inequivalent arg 'type'/],
      [(c) => c.assertQueue('q', { maxLength: 3, exclusive: true }), /405 .*RESOURCE_LOCKED/],
      [(c) => c.bindQueue('q', 'none', ''), /404 .*no exchange 'none'/],
    ] as [(channel: amqplib.Channel) => Promise<unknown>, RegExp][])
      assert.match(await failed(use), words)
  }))

const barred = { configure: '.*', write: '.*', read: '^$' }

test('a consumer whose user may read no longer is cancelled, and told so', () =>
  withClient(async (connection, node) => {
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('q')
    const got: (string | null)[] = []
    const ended = new Promise<void>((resolve) => {
      void channel.consume('q', (message) => {
        got.push(message?.content.toString() ?? null)
        if (message === null) resolve()
        else channel.ack(message)
      })
    })
    channel.sendToQueue('q', Buffer.from('a'))
    await channel.waitForConfirms()
    assert.ok((await node.accounts.permissions.set('guest', '/', barred)).ok)
    await ended
    channel.sendToQueue('q', Buffer.from('b'))
    await channel.waitForConfirms()
    assert.deepEqual(got, ['a', null])
  }))

test('the channel of one that does not know of being cancelled is closed', () =>
  withClient(
    async (connection, node) => {
      const channel = await connection.createChannel()
      const error = new Promise<Error>((resolve) => channel.on('error', resolve))
      await channel.assertQueue('q')
      await channel.consume('q', () => assert.fail('there is nothing'))
      assert.ok((await node.accounts.permissions.clear('guest', '/')).ok)
      assert.match(
        (await error).message,
        /403 \(ACCESS-REFUSED\).*access to queue 'q' in vhost '\/' refused for user 'guest'/,
      )
    },
    memoryDisk(),
    { capabilities: { consumer_cancel_notify: false } },
  ))
