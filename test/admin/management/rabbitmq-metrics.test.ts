// The numbers under RabbitMQ's names, as its dashboards ask for them, from a node that has done
// something.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '../../../src/start-broker.ts'

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
    assert.ok(each.includes(`\nrabbitmq_queue_message_bytes${labels} 3\n`))
    const names = [...all.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    assert.equal(new Set(names).size, names.length, 'no family stands twice')
  } finally {
    await broker.close()
  }
})
