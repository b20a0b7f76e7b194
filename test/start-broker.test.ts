// The broker as its users start it: authentication by settings, as kafkajs meets it, and settings
// that would leave the door open by mistake.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import kafkajs, { type SASLOptions } from 'kafkajs'
import { BadSettingError, type RunningBroker, startBroker } from '../src/start-broker.ts'

const listen = {
  kafka: { host: '127.0.0.1', port: 0 },
  metrics: { host: '127.0.0.1', port: 0 },
}
const password = 'open sesame'

async function withUsers(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polymq-users-'))
  const file = join(folder, 'users')
  writeFileSync(file, `alice=${password}\n`)
  try {
    await use(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function clientOf(broker: RunningBroker, sasl?: SASLOptions) {
  const { logLevel } = kafkajs
  const retry = { retries: 0 }
  const brokers = [broker.kafka]
  return new kafkajs.Kafka({ brokers, retry, logLevel: logLevel.NOTHING, ...(sasl && { sasl }) })
}

/** Everything that the admin client can read of the broker's settings. */
async function settingsShown(broker: RunningBroker, sasl: SASLOptions): Promise<string> {
  const admin = clientOf(broker, sasl).admin()
  await admin.connect()
  const type = kafkajs.ConfigResourceTypes.BROKER
  const described = await admin.describeConfigs({
    resources: [{ type, name: '1' }],
    includeSynonyms: true,
  })
  await admin.disconnect()
  return JSON.stringify(described)
}

test('with users, every client must authenticate, and no secret is shown', () =>
  withUsers(async (file) => {
    const log: string[] = []
    const config = { 'polymq.users.file': file }
    const report = (line: string): number => log.push(line)
    const broker = await startBroker({ dataDir: null, listen, config, report })
    try {
      assert.deepEqual(broker.saslMechanisms, ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'])
      for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
        // kafkajs keeps its state in the object it is given, so that each client gets its own.
        const login = (secret: string): SASLOptions => ({
          mechanism,
          username: 'alice',
          password: secret,
        })
        const producer = clientOf(broker, login(password)).producer()
        await producer.connect()
        const [sent] = await producer.send({ topic: 't', messages: [{ value: mechanism }] })
        assert.equal(sent?.errorCode, 0)
        await producer.disconnect()

        const stranger = clientOf(broker, login(`${password}?`)).producer()
        await assert.rejects(stranger.connect(), /Authentication failed/)
      }
      await assert.rejects(clientOf(broker).admin().listTopics())

      const shown = await settingsShown(broker, { mechanism: 'plain', username: 'alice', password })
      assert.match(shown, /polymq\.users\.file/)
      const { host, port } = broker.addresses.metrics ?? { host: '', port: 0 }
      const metrics = await (await fetch(`http://${host}:${port}/metrics`)).text()
      for (const text of [shown, metrics, log.join('\n')]) assert.ok(!text.includes(password))
    } finally {
      await broker.close()
    }
  }))

test('whoever closes waits until all is closed', async () => {
  const broker = await startBroker({ dataDir: null, listen })
  const first = broker.close()
  assert.equal(broker.close(), first)
  await first
})

test('options that would do nothing are refused by name', async () => {
  const start = (options: object): Promise<unknown> =>
    startBroker(options as Parameters<typeof startBroker>[0])
  await assert.rejects(start({}), /'dataDir' is a folder, or null/)
  await assert.rejects(startBroker(...([] as unknown as [never])), /'dataDir' is a folder/)
  await assert.rejects(start({ dataDir: null, set: {} }), /no option 'set'; there are dataDir, /)
  for (const kafka of ['127.0.0.1:0', null, { host: 'a' }, { host: 'a', port: 70_000 }])
    await assert.rejects(start({ dataDir: null, listen: { kafka } }), /address of kafka is not/)
  const misspelt = { kafkaa: { host: '127.0.0.1', port: 0 } }
  await assert.rejects(start({ dataDir: null, listen: misspelt }), /no listener 'kafkaa'/)
  await assert.rejects(
    start({ dataDir: null, listen: {} }),
    /names none of kafka, amqp, amqps, http, metrics/,
  )
})

test('a node has the number that it is told, wherever clients meet one', async () => {
  const config = { 'node.id': '0', 'offsets.topic.num.partitions': '1' }
  const broker = await startBroker({ dataDir: null, listen, config })
  const admin = clientOf(broker).admin()
  try {
    await admin.connect()
    const nodes = [{ partition: 0, replicas: [0] }]
    await admin.createTopics({ topics: [{ topic: 't', replicaAssignment: nodes }] })
    await admin.createPartitions({
      topicPartitions: [{ topic: 't', count: 2, assignments: [[0]] }],
    })
    const cluster = await admin.describeCluster()
    assert.deepEqual([cluster.controller, cluster.brokers[0]?.nodeId], [0, 0])
    const { topics } = await admin.fetchTopicMetadata({ topics: ['t'] })
    for (const { leader, replicas, isr } of topics[0]?.partitions ?? [])
      assert.deepEqual([leader, replicas, isr], [0, [0], [0]])
    // The client looks for the coordinator among the nodes it knows.
    await admin.setOffsets({
      groupId: 'g',
      topic: 't',
      partitions: [{ partition: 0, offset: '5' }],
    })
    const type = kafkajs.ConfigResourceTypes.BROKER
    const described = await admin.describeConfigs({
      resources: [{ type, name: '0', configNames: ['node.id', 'broker.id'] }],
      includeSynonyms: false,
    })
    assert.deepEqual(
      described.resources[0]?.configEntries.map((e) => [e.configName, e.configValue, e.readOnly]),
      [
        ['broker.id', '0', true],
        ['node.id', '0', true],
      ],
    )
  } finally {
    await admin.disconnect()
    await broker.close()
  }
})

test('only the mechanisms that are enabled are offered', () =>
  withUsers(async (file) => {
    const config = { 'polymq.users.file': file, 'sasl.enabled.mechanisms': 'SCRAM-SHA-256' }
    const broker = await startBroker({ dataDir: null, listen, config })
    try {
      const plain = { mechanism: 'plain', username: 'alice', password } as const
      await assert.rejects(clientOf(broker, plain).producer().connect(), /does not support/)
    } finally {
      await broker.close()
    }
  }))

test('who asks for authentication never gets an open door', () =>
  withUsers(async (file) => {
    const empty = `${file}.empty`
    writeFileSync(empty, '# nobody\n')
    for (const [config, words] of [
      [{ 'sasl.enabled.mechanisms': 'PLAIN' }, /set polymq\.users\.file/],
      [{ 'polymq.users.file': file, 'sasl.enabled.mechanisms': '' }, /needs a mechanism/],
      [{ 'polymq.users.file': file, 'sasl.enabled.mechanisms': 'GSSAPI' }, /GSSAPI/],
      [{ 'polymq.users.file': '' }, /the path of a file/],
      [{ 'polymq.users.file': `${file}.absent` }, /there is no file/],
      [{ 'polymq.users.file': empty }, /no line NAME=PASSWORD/],
    ] as [Record<string, string>, RegExp][])
      await assert.rejects(
        startBroker({ dataDir: null, listen, config }),
        (error) => error instanceof BadSettingError && words.test(error.message),
        JSON.stringify(config),
      )
  }))

test('options that mean nothing are refused with words, also without types', async () => {
  const here = { dataDir: null, listen }
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /'dataDir' is a folder, or null/],
    [{ ...here, dataDir: 5 }, /'dataDir' is a folder, or null/],
    [{ ...here, settings: {} }, /no option 'settings'; there are dataDir,/],
    [{ ...here, config: 5 }, /'config' is an object/],
    [{ ...here, report: 5 }, /'report' is a function/],
    [{ ...here, listen: {} }, /'listen' names none of/],
    [{ ...here, listen: { mqtt: listen.kafka } }, /no listener 'mqtt'/],
    [{ ...here, listen: { kafka: '127.0.0.1:0' } }, /the address of kafka is not/],
    [{ ...here, advertise: { kafka: { host: '', port: 0 } } }, /cannot connect to the advertised/],
  ]
  for (const [options, words] of refused)
    await assert.rejects(
      startBroker(options as never),
      (error) => error instanceof BadSettingError && words.test(error.message),
      String(words),
    )
})

test('a folder with data that has lost its number is told of, and gets it again', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'polymq-format-'))
  const told: string[] = []
  const start = async (): Promise<void> => {
    const report = (line: string): void => void told.push(line)
    await (await startBroker({ dataDir, listen, report })).close()
  }
  try {
    await start()
    rmSync(join(dataDir, 'format'))
    await start()
    assert.match(told.join('\n'), /^the folder holds data, and its file 'format' is missing or/)
    await start()
    assert.equal(told.length, 1)
  } finally {
    rmSync(dataDir, { recursive: true })
  }
})
