// What the management API shows of a real client of the AMQP door, in one process with both.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import amqplib from 'amqplib'
import { startBroker } from '../../../src/start-broker.ts'

const anyPort = { host: '127.0.0.1', port: 0 }

type Call = (path: string, method?: string) => Promise<ReturnType<typeof JSON.parse>>
type Connect = (name: string) => Promise<amqplib.ChannelModel>

async function withBroker(use: (call: Call, connect: Connect) => Promise<void>): Promise<void> {
  const broker = await startBroker({ dataDir: null, listen: { amqp: anyPort, http: anyPort } })
  const { amqp, http } = broker.addresses
  const headers = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` }
  const call: Call = async (path, method = 'GET') => {
    const url = `http://127.0.0.1:${http?.port}/api${path}`
    const answer = await fetch(url, { method, headers })
    const text = await answer.text()
    return text === '' ? null : JSON.parse(text)
  }
  const url = `amqp://guest:guest@127.0.0.1:${amqp?.port}?heartbeat=10`
  try {
    await use(call, (name) => amqplib.connect(url, { clientProperties: { connection_name: name } }))
  } finally {
    await broker.close()
  }
}

test('connections, channels and consumers are listed, and a connection is closed', () =>
  withBroker(async (call, connect) => {
    const connection = await connect('mine')
    const channel = await connection.createConfirmChannel()
    await channel.prefetch(7)
    await channel.assertQueue('own', { exclusive: true, durable: false })
    const consume = { consumerTag: 'tag', arguments: { 'x-priority': 3 } }
    await channel.consume('own', (message) => message && channel.ack(message), consume)
    for (let i = 0; i < 3; i++) channel.sendToQueue('own', Buffer.from('x'))
    channel.publish('', 'nowhere', Buffer.from('x'), { mandatory: true })
    await channel.waitForConfirms()
    // A call that is answered comes behind the acknowledgements before it.
    await channel.checkQueue('own')

    const [shown] = await call('/connections')
    assert.equal(shown.user_provided_name, 'mine')
    assert.equal(shown.timeout, 10)
    assert.equal(shown.channels, 1)
    assert.equal(shown.client_properties.product, 'amqplib')
    assert.ok(shown.recv_oct > 0 && shown.send_oct > 0)
    const [open] = await call('/channels')
    assert.equal(open.name, `${shown.name} (1)`)
    assert.deepEqual(
      [open.confirm, open.prefetch_count, open.consumer_count, open.messages_unacknowledged],
      [true, 7, 1, 0],
    )
    const { publish, confirm, ack, deliver_get, return_unroutable } = open.message_stats
    assert.deepEqual([publish, confirm, ack, deliver_get, return_unroutable], [4, 4, 3, 3, 1])
    const [consumer] = await call('/consumers/%2F')
    assert.equal(consumer.consumer_tag, 'tag')
    assert.deepEqual(consumer.queue, { name: 'own', vhost: '/' })
    assert.deepEqual(consumer.arguments, { 'x-priority': 3 })
    const queue = await call('/queues/%2F/own')
    assert.equal(queue.exclusive, true)
    assert.equal(queue.owner_pid_details.name, shown.name)
    assert.equal(queue.consumer_details.length, 1)
    assert.equal(queue.message_stats.ack, 3)
    assert.match(
      (await call('/queues/%2F/own', 'DELETE')).reason,
      /exclusive access to locked queue/,
    )
    const { object_totals: totals } = await call('/overview')
    assert.deepEqual([totals.connections, totals.channels, totals.consumers], [1, 1, 1])

    const closed = once(connection, 'close')
    await call(`/connections/${encodeURIComponent(shown.name)}`, 'DELETE')
    const [error] = await closed
    assert.match(String(error), /320.*Closed via management plugin/)
  }))

test('of consumers that wait for one another, the active one is called so', () =>
  withBroker(async (call, connect) => {
    const connection = await connect('mine')
    const channel = await connection.createChannel()
    await channel.assertQueue('single', { arguments: { 'x-single-active-consumer': true } })
    await channel.assertQueue('shared')
    for (const [queue, consumerTag] of [
      ['single', 'a'],
      ['single', 'b'],
      ['shared', 'c'],
    ] as const)
      await channel.consume(queue, () => undefined, { consumerTag })
    type Row = Record<string, string>
    const shown = async () =>
      (await call('/consumers')).map(
        (row: Row) => `${row['consumer_tag']} ${row['activity_status']}`,
      )
    assert.deepEqual(new Set(await shown()), new Set(['a single_active', 'b waiting', 'c up']))
    await channel.cancel('a')
    assert.deepEqual(new Set(await shown()), new Set(['b single_active', 'c up']))
    await connection.close()
  }))
