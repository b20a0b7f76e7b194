// The limits of users and vhosts at the Kafka door, as kafkajs and amqplib meet them: connections
// of both doors count together, topics as queues, and clients of a deleted user are parted with.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import amqplib from 'amqplib'
import kafkajs from 'kafkajs'
import { showAddress } from '../../src/io/network.ts'
import { type RunningBroker, startBroker } from '../../src/start-broker.ts'

const local = { host: '127.0.0.1', port: 0 }
const everything = { configure: '.*', write: '.*', read: '.*' }
const definitions = {
  users: [
    { name: 'clerk', password: 'secret', tags: [] },
    { name: 'boss', password: 'secret', tags: ['administrator'] },
  ],
  vhosts: [{ name: '/' }],
  permissions: ['clerk', 'boss'].map((user) => ({ user, vhost: '/', ...everything })),
}

interface World {
  readonly broker: RunningBroker
  readonly lines: readonly string[]
  /** Asks the management API. */
  api(method: string, path: string, body?: unknown): Promise<unknown>
}

async function withBroker(
  use: (world: World) => Promise<void>,
  config: Record<string, string> = {},
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'polymq-kafka-limits-'))
  try {
    const file = join(dir, 'definitions.json')
    writeFileSync(file, JSON.stringify(definitions))
    const lines: string[] = []
    const broker = await startBroker({
      dataDir: null,
      listen: { kafka: local, amqp: local, http: local },
      report: (line) => lines.push(line),
      config: {
        'polymq.definitions.file': file,
        'polymq.kafka.users': 'accounts',
        'auto.create.topics.enable': 'true',
        ...config,
      },
    })
    const { http } = broker.addresses
    assert.ok(http)
    const authorization = `Basic ${Buffer.from('boss:secret').toString('base64')}`
    const api = async (method: string, path: string, body?: unknown) => {
      const url = `http://${showAddress(http)}/api/${path}`
      const headers = { authorization, 'content-type': 'application/json' }
      const answer = await fetch(url, { method, headers, body: JSON.stringify(body) ?? null })
      const text = await answer.text()
      assert.ok(answer.ok, text)
      return text === '' ? null : JSON.parse(text)
    }
    try {
      await use({ broker, lines, api })
    } finally {
      await broker.close()
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function kafkaOf({ broker }: World, mechanism: 'plain' | 'scram-sha-256' = 'plain') {
  const sasl = { mechanism, username: 'clerk', password: 'secret' } as kafkajs.SASLOptions
  const logLevel = kafkajs.logLevel.NOTHING
  return new kafkajs.Kafka({ brokers: [broker.kafka], retry: { retries: 0 }, logLevel, sasl })
}

const amqp = ({ broker }: World) => {
  assert.ok(broker.addresses.amqp)
  return amqplib.connect(`amqp://clerk:secret@${showAddress(broker.addresses.amqp)}`)
}

test('connections of a user and of a vhost count at all doors together', () =>
  withBroker(async (world) => {
    const { api, lines } = world
    const one = kafkaOf(world).admin()
    await one.connect()
    await api('PUT', 'user-limits/clerk/max-connections', { value: 1 })
    const refused = /user 'clerk': user connection limit \(1\) is reached/
    await assert.rejects(kafkaOf(world).admin().connect(), refused)
    await assert.rejects(kafkaOf(world, 'scram-sha-256').admin().connect(), refused)
    assert.ok(lines.some((line) => refused.test(line)))
    await assert.rejects(amqp(world), /ConnectionClose/)
    await one.disconnect()
    const client = await amqp(world)
    await assert.rejects(kafkaOf(world).admin().connect(), refused)
    await api('DELETE', 'user-limits/clerk/max-connections')
    await api('PUT', 'vhost-limits/%2F/max-connections', { value: 0 })
    const full = /vhost '\/' refused for user 'clerk': connection limit \(0\) is reached/
    await assert.rejects(kafkaOf(world).admin().connect(), full)
    await api('DELETE', 'vhost-limits/%2F/max-connections')
    await one.connect()
    await one.disconnect()
    await client.close()
  }))

test('they are listed, closed from there, and closed when their user is deleted', () =>
  withBroker(async (world) => {
    const { api, lines } = world
    const admin = kafkaOf(world).admin()
    await admin.connect()
    type Shown = { name: string; user: string; vhost: string; protocol: string; recv_oct: number }
    const connections = async () => (await api('GET', 'connections')) as Shown[]
    const [shown, ...others] = await connections()
    assert.deepEqual(others, [])
    assert.deepEqual([shown?.user, shown?.vhost, shown?.protocol], ['clerk', '/', 'Kafka'])
    assert.ok(Number(shown?.recv_oct) > 0)
    await api('DELETE', `connections/${encodeURIComponent(shown?.name ?? '')}`)
    assert.deepEqual(await connections(), [])
    const gone = new Promise((resolve) => admin.on('admin.disconnect', resolve))
    await admin.disconnect()
    await gone
    await admin.connect()
    await api('DELETE', 'users/clerk')
    assert.deepEqual(await connections(), [])
    assert.ok(lines.some((line) => line.endsWith("user 'clerk' is deleted")))
    await assert.rejects(admin.listTopics())
  }))

test('topics count as queues, however many come at once', () =>
  withBroker(async (world) => {
    const { api } = world
    const client = await amqp(world)
    const channel = await client.createChannel()
    await channel.assertQueue('q')
    await api('PUT', 'vhost-limits/%2F/max-queues', { value: 3 })
    const admin = kafkaOf(world).admin()
    await admin.connect()
    const topics = ['a', 'b', 'c', 'd'].map((topic) => ({ topic }))
    await assert.rejects(admin.createTopics({ topics }), (error: kafkajs.KafkaJSAggregateError) => {
      const types = (error.errors as { type?: string }[]).map(({ type }) => type)
      assert.deepEqual(types, ['POLICY_VIOLATION', 'POLICY_VIOLATION'])
      return true
    })
    assert.deepEqual((await admin.listTopics()).sort(), ['a', 'b', 'q'])
    const producer = kafkaOf(world).producer({ allowAutoTopicCreation: true })
    await producer.connect()
    await assert.rejects(producer.send({ topic: 'e', messages: [{ value: 'x' }] }))
    channel.on('error', () => undefined)
    await assert.rejects(channel.assertQueue('over'), /406.*queue limit in vhost '\/' \(3\)/)
    await admin.deleteTopics({ topics: ['a'] })
    await producer.send({ topic: 'e', messages: [{ value: 'x' }] })
    assert.deepEqual((await admin.listTopics()).sort(), ['b', 'e', 'q'])
    await producer.disconnect()
    await admin.disconnect()
    await client.close()
  }))

test('so does the limit of the node', () =>
  withBroker(
    async (world) => {
      const admin = kafkaOf(world).admin()
      await admin.connect()
      const topics = ['a', 'b', 'c'].map((topic) => ({ topic }))
      await assert.rejects(admin.createTopics({ topics }))
      assert.equal((await admin.listTopics()).length, 2)
      await admin.disconnect()
    },
    { 'polymq.max.queues': '2' },
  ))
