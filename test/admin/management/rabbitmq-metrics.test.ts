// The numbers under RabbitMQ's names, as its dashboards ask for them, from a node that has done
// something.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import amqplib from 'amqplib'
import { perObjectMetrics } from '../../../src/admin/management/object-metrics.ts'
import { rabbitmqMetrics } from '../../../src/admin/management/rabbitmq-metrics.ts'
import { lines } from '../../../src/admin/prometheus.ts'
import { startBroker } from '../../../src/start-broker.ts'
import { withApi } from './api-fixture.ts'

const anyPort = { host: '127.0.0.1', port: 0 }

test('the metrics door shows queues under the names that dashboards know', async () => {
  const broker = await startBroker({ dataDir: null, listen: { http: anyPort, metrics: anyPort } })
  const { http, metrics } = broker.addresses
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`
  const api = (method: string, path: string, body: object) =>
    fetch(`http://127.0.0.1:${http?.port}/api${path}`, {
      method,
      headers: { authorization },
      body: JSON.stringify(body),
    })
  const page = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${metrics?.port}${path}`)).text()
  try {
    await api('PUT', '/queues/%2F/orders', { durable: true })
    const message = { routing_key: 'orders', properties: {}, payload_encoding: 'string' }
    for (const payload of ['a', 'bc'])
      await api('POST', '/exchanges/%2F/amq.default/publish', { ...message, payload })
    const all = await page('/metrics')
    for (const line of [
      'rabbitmq_queues 1',
      'rabbitmq_connections 0',
      'rabbitmq_queue_messages_ready 2',
      'rabbitmq_queue_messages_unacked 0',
      'rabbitmq_global_messages_received_total{protocol="amqp091"} 2',
      'rabbitmq_queues_created_total 1',
    ])
      assert.ok(all.includes(`\n${line}\n`), line)
    assert.match(all, /\nrabbitmq_identity_info\{rabbitmq_node="[^"]+",rabbitmq_cluster="[^"]+"/)
    const each = await page('/metrics/per-object')
    const labels = '{vhost="/",queue="orders"}'
    assert.ok(each.includes(`\nrabbitmq_queue_messages_ready${labels} 2\n`))
    assert.ok(each.includes(`\nrabbitmq_queue_messages_bytes${labels} 3\n`))
    const names = [...all.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    assert.equal(new Set(names).size, names.length, 'no family stands twice')
  } finally {
    await broker.close()
  }
})

interface Scraped {
  readonly status: number
  readonly text: string
  /** By name and labels. */
  readonly samples: ReadonlyMap<string, string>
}

/** A node with queues, a stream and a client, and what its metrics say. */
async function withScrapes(
  use: (
    scrape: (path: string) => Promise<Scraped>,
    connect: (login: string, vhost?: string) => Promise<amqplib.ChannelModel>,
    api: (method: string, path: string) => Promise<Response>,
  ) => Promise<void>,
) {
  const listen = { amqp: anyPort, metrics: anyPort, http: anyPort }
  const broker = await startBroker({ dataDir: null, listen })
  const { amqp, metrics, http } = broker.addresses
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`
  const api = (method: string, path: string): Promise<Response> => {
    const url = `http://127.0.0.1:${http?.port}/api${path}`
    const body = method === 'PUT' ? '{}' : null
    return fetch(url, { method, headers: { authorization }, body })
  }
  const put = async (path: string) => assert.equal((await api('PUT', path)).status, 201)
  const connect = (login: string, vhost = ''): Promise<amqplib.ChannelModel> =>
    amqplib.connect(`amqp://${login}127.0.0.1:${amqp?.port}/${vhost}`)
  const scrape = async (path: string): Promise<Scraped> => {
    const answer = await fetch(`http://127.0.0.1:${metrics?.port}${path}`)
    const text = await answer.text()
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const samples = lines.map((line): [string, string] => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), line.slice(at + 1)]
    })
    return { status: answer.status, text, samples: new Map(samples) }
  }
  const connection = await connect('')
  try {
    await put('/vhosts/shop')
    await put('/queues/shop/orders')
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('orders')
    await channel.assertQueue('bills', { arguments: { 'x-queue-type': 'quorum' } })
    await channel.assertQueue('log', { arguments: { 'x-queue-type': 'stream' } })
    for (const queue of ['orders', 'orders', 'log']) channel.sendToQueue(queue, Buffer.from('ab'))
    await channel.waitForConfirms()
    await channel.prefetch(7)
    await new Promise<void>((given) => channel.consume('orders', () => given()))
    await use(scrape, connect, api)
  } finally {
    await connection.close()
    await broker.close()
  }
}

const namesIn = ({ text }: Scraped): string[] =>
  [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '')

test('/metrics/detailed shows the families that are asked for, and no others', () =>
  withScrapes(async (scrape) => {
    const nothing = await scrape('/metrics/detailed')
    assert.deepEqual(namesIn(nothing), ['rabbitmq_identity_info', 'rabbitmq_build_info'])
    assert.match(nothing.text, /rabbitmq_endpoint="detailed"/)
    const coarse = await scrape(
      '/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count',
    )
    assert.deepEqual(namesIn(coarse), [
      'rabbitmq_detailed_queue_messages_ready',
      'rabbitmq_detailed_queue_messages_unacked',
      'rabbitmq_detailed_queue_messages',
      'rabbitmq_detailed_queue_consumers',
      'rabbitmq_detailed_queue_info',
      'rabbitmq_identity_info',
      'rabbitmq_build_info',
    ])
    const { samples } = coarse
    const of = (name: string, queue: string, vhost = '/') =>
      samples.get(`rabbitmq_detailed_${name}{vhost="${vhost}",queue="${queue}"}`)
    assert.equal(of('queue_messages', 'orders'), '2')
    assert.equal(of('queue_messages_unacked', 'orders'), '2')
    assert.equal(of('queue_messages', 'orders', 'shop'), '0')
    assert.equal(of('queue_messages_ready', 'log'), '1')
    assert.equal(of('queue_consumers', 'orders'), '1')
    const kinds = [...samples.keys()].filter((each) => each.includes('queue_info{vhost="/"'))
    assert.deepEqual(
      kinds.map((each) => /queue="(.*?)",queue_type="(.*?)"/.exec(each)?.slice(1).join(' ')),
      ['orders rabbit_classic_queue', 'bills rabbit_quorum_queue', 'log rabbit_stream_queue'],
    )
  }))

test('/metrics/detailed is about the vhosts and queues that are asked for', () =>
  withScrapes(async (scrape) => {
    const queuesIn = ({ samples }: Scraped): string[] =>
      [...samples.keys()].flatMap((each) =>
        each.startsWith('rabbitmq_detailed_queue_messages_ready{')
          ? [/vhost="(.*?)",queue="(.*?)"/.exec(each)?.slice(1).join(' ') ?? '']
          : [],
      )
    const path = '/metrics/detailed?family=queue_coarse_metrics'
    assert.deepEqual(queuesIn(await scrape(`${path}&vhost=shop`)), ['shop orders'])
    assert.equal(queuesIn(await scrape(`${path}&vhost=shop&vhost=%2F`)).length, 4)
    assert.deepEqual(queuesIn(await scrape(`${path}&vhost=none`)), [])
    const some = await scrape(`${path}&queue=${encodeURIComponent('^o.*s$|^lo')}`)
    assert.deepEqual(queuesIn(some).sort(), ['/ log', '/ orders', 'shop orders'])
    const wrong = await scrape(`${path}&queue=(`)
    assert.equal(wrong.status, 400)
    assert.match(wrong.text, /^Invalid 'queue' regex: /)
    assert.equal((await scrape(`${path}&queue=a&queue=b`)).status, 400)
  }))

test('/metrics/detailed shows channels, connections, exchanges, vhosts and deliveries', () =>
  withScrapes(async (scrape) => {
    const { samples } = await scrape(
      '/metrics/detailed?family=channel_metrics&family=connection_coarse_metrics' +
        '&family=connection_metrics&family=exchange_bindings&family=exchange_names' +
        '&family=vhost_status&family=queue_delivery_metrics&family=queue_metrics' +
        '&family=connection_churn_metrics&family=node_metrics&family=exchange_metrics' +
        '&family=channel_exchange_metrics&family=channel_queue_metrics' +
        '&family=auth_attempt_metrics',
    )
    const startsWith = (start: string) =>
      [...samples].filter(([name]) => name.startsWith(start)).map(([, value]) => value)
    assert.deepEqual(startsWith('rabbitmq_detailed_channel_consumers{channel="'), ['1'])
    assert.deepEqual(startsWith('rabbitmq_detailed_channel_messages_unacked{'), ['2'])
    assert.deepEqual(startsWith('rabbitmq_detailed_consumer_prefetch{'), ['7'])
    assert.deepEqual(startsWith('rabbitmq_detailed_channel_messages_published_total{'), ['3'])
    assert.deepEqual(startsWith('rabbitmq_detailed_channel_messages_delivered_ack_total{'), ['2'])
    assert.deepEqual(startsWith('rabbitmq_detailed_auth_attempts_failed_total{'), ['0', '0'])
    assert.deepEqual(startsWith('rabbitmq_detailed_connection_channels{'), ['1'])
    assert.ok(Number(startsWith('rabbitmq_detailed_connection_incoming_bytes_total{')[0]) > 100)
    assert.deepEqual(startsWith('rabbitmq_cluster_vhost_status{'), ['1', '1'])
    const labels = '{vhost="shop",exchange="amq.topic",type="topic"}'
    assert.equal(samples.get(`rabbitmq_cluster_exchange_bindings${labels}`), '0')
    assert.equal(samples.get(`rabbitmq_cluster_exchange_name${labels}`), '1')
    assert.equal(samples.get(`rabbitmq_detailed_exchange_messages_published_total${labels}`), '0')
    const orders = '{vhost="/",queue="orders"}'
    assert.equal(samples.get(`rabbitmq_detailed_queue_messages_delivered_ack_total${orders}`), '2')
    assert.equal(samples.get(`rabbitmq_detailed_queue_messages_bytes${orders}`), '4')
    assert.deepEqual(startsWith('rabbitmq_detailed_queues_created_total'), ['3'])
    assert.equal(startsWith('rabbitmq_detailed_resident_memory_limit_bytes').length, 1)
    const all = await scrape('/metrics/per-object')
    assert.equal(all.samples.get(`rabbitmq_queue_messages_delivered_ack_total${orders}`), '2')
    assert.equal(all.samples.get('rabbitmq_queues'), '4')
    const names = namesIn(all)
    assert.equal(new Set(names).size, names.length, 'no family stands twice')
  }))

/** A client that uses queues of each kind in every way that is counted. */
async function useEverything(connection: amqplib.ChannelModel): Promise<void> {
  const one = await connection.createChannel()
  const deadLetters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
  await one.assertQueue('plain')
  await one.assertQueue('dead')
  await one.assertQueue('short', { arguments: { ...deadLetters, 'x-max-length': 2 } })
  await one.assertQueue('many', { arguments: { ...deadLetters, 'x-queue-type': 'quorum' } })
  await one.assertQueue('log', { arguments: { 'x-queue-type': 'stream' } })
  for (const queue of ['plain', 'many']) await one.bindQueue(queue, 'amq.fanout', '')
  one.publish('amq.fanout', '', Buffer.from('two copies'))
  one.sendToQueue('nowhere', Buffer.from('dropped'))
  one.sendToQueue('nowhere', Buffer.from('returned'), { mandatory: true })
  const sure = await connection.createConfirmChannel()
  for (let i = 0; i < 5; i++) sure.sendToQueue('short', Buffer.from('a'))
  sure.sendToQueue('log', Buffer.from('b'))
  await sure.waitForConfirms()
  for (const queue of ['plain', 'many']) {
    const first = await one.get(queue)
    assert.ok(first)
    one.nack(first, false, true)
    const again = await one.get(queue)
    assert.ok(again)
    one.reject(again, false)
  }
  const kept = await one.get('short')
  assert.ok(kept)
  one.ack(kept)
  assert.ok(await one.get('short', { noAck: true }))
  assert.equal(await one.get('short'), false)
  const reading = await connection.createChannel()
  await reading.prefetch(5)
  let left = 2
  await new Promise<void>((read) => {
    const take = (message: amqplib.ConsumeMessage | null): void => {
      if (message !== null) reading.ack(message)
      if (--left === 0) read()
    }
    void reading.consume('log', take, { arguments: { 'x-stream-offset': 'first' } })
  })
  // What came before on the channel is done when this is answered.
  await reading.checkQueue('log')
  await one.checkQueue('plain')
}

test('/metrics counts what goes through, under the names and labels of RabbitMQ', () =>
  withScrapes(async (scrape, connect) => {
    const before = await scrape('/metrics')
    const connection = await connect('guest:guest@')
    await assert.rejects(connect('guest:wrong@'))
    await useEverything(connection)
    const after = await scrape('/metrics')
    const grown = (name: string): number =>
      Number(after.samples.get(name)) - Number(before.samples.get(name))
    const counts = (name: string, more: string): number =>
      grown(`rabbitmq_global_${name}{protocol="amqp091"${more}}`)
    const ofDoor = (name: string) => counts(`messages_${name}_total`, '')
    assert.deepEqual(
      ['received', 'received_confirm', 'confirmed', 'routed'].map(ofDoor),
      [9, 6, 6, 8],
    )
    assert.deepEqual(['unroutable_dropped', 'unroutable_returned'].map(ofDoor), [1, 1])
    assert.equal(counts('publishers', ''), 2)
    assert.equal(counts('consumers', ''), 1)
    const byKind = (name: string) =>
      ['classic', 'quorum', 'stream'].map((kind) =>
        counts(`messages_${name}_total`, `,queue_type="rabbit_${kind}_queue"`),
      )
    assert.deepEqual(byKind('delivered'), [4, 2, 2])
    assert.deepEqual(byKind('delivered_get_manual_ack'), [3, 2, 0])
    assert.deepEqual(byKind('delivered_get_auto_ack'), [1, 0, 0])
    assert.deepEqual(byKind('delivered_consume_manual_ack'), [0, 0, 2])
    assert.deepEqual(byKind('acknowledged'), [1, 0, 2])
    assert.deepEqual(byKind('redelivered'), [1, 1, 0])
    assert.deepEqual(byKind('get_empty'), [1, 0, 0])
    const died = (reason: string, kind: string, strategy: string) =>
      grown(
        `rabbitmq_global_messages_dead_lettered_${reason}_total` +
          `{queue_type="rabbit_${kind}_queue",dead_letter_strategy="${strategy}"}`,
      )
    assert.equal(died('maxlen', 'classic', 'at_most_once'), 3)
    assert.equal(died('rejected', 'classic', 'disabled'), 1)
    assert.equal(died('rejected', 'quorum', 'at_most_once'), 1)
    assert.equal(grown('rabbitmq_channel_messages_published_total'), 9)
    assert.equal(grown('rabbitmq_channel_messages_acked_total'), 3)
    assert.equal(grown('rabbitmq_channel_get_empty_total'), 1)
    assert.equal(grown('rabbitmq_auth_attempts_failed_total{protocol="amqp091"}'), 1)
    assert.equal(grown('rabbitmq_auth_attempts_total{protocol="amqp091"}'), 2)
    assert.equal(grown('rabbitmq_process_open_tcp_sockets'), 1)
    assert.ok(Number(after.samples.get('rabbitmq_process_open_fds')) > 3)
    assert.equal(
      after.samples.get('rabbitmq_process_max_fds'),
      after.samples.get('rabbitmq_process_max_tcp_sockets'),
    )
    await connection.close()
  }))

test('what has been counted stays when queues, exchanges and vhosts go', () =>
  withScrapes(async (scrape, connect, api) => {
    const connection = await connect('guest:guest@', 'shop')
    const channel = await connection.createConfirmChannel()
    await channel.assertExchange('x', 'fanout')
    await channel.bindQueue('orders', 'x', '')
    channel.publish('x', '', Buffer.from('a'))
    await channel.waitForConfirms()
    assert.ok(await channel.get('orders', { noAck: true }))
    await connection.close()
    const names = [
      'rabbitmq_global_messages_received_total{protocol="amqp091"}',
      'rabbitmq_global_messages_routed_total{protocol="amqp091"}',
      'rabbitmq_global_messages_delivered_total' +
        '{protocol="amqp091",queue_type="rabbit_classic_queue"}',
    ]
    const counts = async () => {
      const { samples } = await scrape('/metrics')
      return names.map((name) => samples.get(name))
    }
    const before = await counts()
    for (const path of ['/queues/shop/orders', '/exchanges/shop/x', '/vhosts/shop']) {
      assert.equal((await api('DELETE', path)).status, 204)
      assert.deepEqual(await counts(), before, path)
    }
  }))

test('a page looks at queues that nobody has used, and makes nothing of them', () =>
  withApi(async (api) => {
    await api.call('PUT', '/queues/%2F/q', {})
    const families = [...rabbitmqMetrics(api.managed), ...perObjectMetrics(api.managed)]
    const text = [...lines(families)].join('')
    assert.match(text, /^rabbitmq_queues 1$/m)
    assert.match(text, /^rabbitmq_queue_messages\{vhost="\/",queue="q"\} 0$/m)
    await api.get('/queues')
    await api.get('/overview')
    assert.equal(api.node.messaging.vhosts.get('/')?.queues.get('q')?.used, null)
  }))
