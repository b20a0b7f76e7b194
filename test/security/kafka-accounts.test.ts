// The Kafka door under the permissions of the node's users, as kafkajs meets it: who comes in, what
// each may do there, what is hidden from whom, and permissions as access lists.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import kafkajs, { type SASLOptions } from 'kafkajs'
import { realChance } from '../../src/io/real/chance.ts'
import { realDisk } from '../../src/io/real/disk.ts'
import { EmbeddedStore } from '../../src/metadata/embedded-store.ts'
import { Accounts } from '../../src/security/access/accounts.ts'
import { type RunningBroker, startBroker } from '../../src/start-broker.ts'

const {
  AclOperationTypes: operations,
  AclPermissionTypes: permissions,
  AclResourceTypes: resources,
  ResourcePatternTypes: patterns,
} = kafkajs
const listen = { kafka: { host: '127.0.0.1', port: 0 } }
const config = { 'polymq.kafka.users': 'accounts' }
const imported = {
  algorithm: 'rabbit_password_hashing_sha256',
  text: 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR',
} as const

async function makeUsers(dataDir: string): Promise<void> {
  const store = await EmbeddedStore.open(realDisk(dataDir), 'metadata')
  const accounts = await Accounts.open({ store, chance: realChance, loopbackUsers: () => [] })
  const permit = (user: string, write: string, read: string, configure = '') =>
    accounts.permissions.set(user, '/', { configure, write, read })
  const made = [
    await accounts.addUser('writer', { password: 'secret' }, []),
    await accounts.addUser('reader', { password: 'secret' }, []),
    await accounts.addUser('owner', { password: 'secret' }, []),
    await accounts.addUser('imported', { hash: imported }, []),
    await accounts.addUser('nobody', { password: 'secret' }, []),
    await permit('writer', '^orders', ''),
    await permit('reader', '', '^orders$|^readers$'),
    await permit('owner', '', '', '^(orders|bills)(\\..+)?$'),
    await permit('imported', '.*', '.*'),
  ]
  for (const result of made) assert.ok(result.ok)
  accounts.close()
  await store.close()
}

async function withBroker(use: (broker: RunningBroker) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'polymq-accounts-'))
  try {
    await (await startBroker({ dataDir, listen, config })).close()
    await makeUsers(dataDir)
    const broker = await startBroker({ dataDir, listen, config })
    try {
      await use(broker)
    } finally {
      await broker.close()
    }
  } finally {
    rmSync(dataDir, { recursive: true })
  }
}

type Mechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512'

function clientOf(
  broker: RunningBroker,
  username: string,
  password = 'secret',
  mechanism: Mechanism = 'plain',
) {
  const sasl = { mechanism, username, password } as SASLOptions
  const retry = { retries: 0 }
  const brokers = [broker.kafka]
  return new kafkajs.Kafka({ brokers, retry, logLevel: kafkajs.logLevel.NOTHING, sasl })
}

async function send(broker: RunningBroker, user: string, topic: string): Promise<void> {
  const producer = clientOf(broker, user).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  try {
    await producer.send({ topic, messages: [{ value: user }] })
  } finally {
    await producer.disconnect()
  }
}

/** Resolves to the first value that the group gets. */
async function receive(
  broker: RunningBroker,
  user: string,
  topic: string,
  groupId: string,
): Promise<string> {
  const consumer = clientOf(broker, user).consumer({ groupId })
  await consumer.connect()
  try {
    return await new Promise((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
      consumer
        .subscribe({ topic, fromBeginning: true })
        .then(() =>
          consumer.run({
            eachMessage: async ({ message }) => resolve(String(message.value)),
          }),
        )
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
}

async function asAdmin<T>(
  broker: RunningBroker,
  user: string,
  use: (admin: kafkajs.Admin) => Promise<T>,
): Promise<T> {
  const admin = clientOf(broker, user, user === 'guest' ? 'guest' : 'secret').admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

const makeTopic = (broker: RunningBroker, user: string, topic: string) =>
  asAdmin(broker, user, (admin) => admin.createTopics({ topics: [{ topic }] }))

test('users of the node come in, by each mechanism that they have credentials for', () =>
  withBroker(async (broker) => {
    const comesIn = async (user: string, password: string, mechanism: Mechanism) => {
      const admin = clientOf(broker, user, password, mechanism).admin()
      await admin.connect()
      await admin.disconnect()
    }
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      await comesIn('guest', 'guest', mechanism)
      await comesIn('writer', 'secret', mechanism)
      await assert.rejects(comesIn('writer', 'wrong', mechanism), /Authentication failed/)
      await assert.rejects(comesIn('absent', 'secret', mechanism), /Authentication failed/)
    }
    await comesIn('imported', 'test12', 'plain')
    await assert.rejects(comesIn('imported', 'test12', 'scram-sha-256'), /Authentication failed/)
  }))

test('each may do what the permissions say, and no more', () =>
  withBroker(async (broker) => {
    await makeTopic(broker, 'owner', 'orders')
    await makeTopic(broker, 'owner', 'bills.eu')
    const errorType = (type: string) => (error: { type?: string; cause?: { type?: string } }) =>
      error.type === type || error.cause?.type === type || String(error).includes(type)
    const denied = errorType('TOPIC_AUTHORIZATION_FAILED')
    await assert.rejects(makeTopic(broker, 'owner', 'others'), (error: kafkajs.KafkaJSError) => {
      const { errors } = error as unknown as { errors: { type: string }[] }
      return errors.every((each) => each.type === 'TOPIC_AUTHORIZATION_FAILED')
    })
    await send(broker, 'writer', 'orders')
    await assert.rejects(send(broker, 'writer', 'bills.eu'), denied)
    await assert.rejects(send(broker, 'writer', 'absent'), denied)
    await assert.rejects(send(broker, 'reader', 'orders'), denied)
    await assert.rejects(send(broker, 'nobody', 'orders'), denied)
    assert.equal(await receive(broker, 'reader', 'orders', 'readers'), 'writer')
    await assert.rejects(receive(broker, 'reader', 'bills.eu', 'readers'), denied)
    // kafkajs has no other words for GROUP_AUTHORIZATION_FAILED.
    await assert.rejects(receive(broker, 'reader', 'orders', 'others'), /group coordinator/)
  }))

test('listings show what may be seen, and what is for administrators is refused', () =>
  withBroker(async (broker) => {
    for (const topic of ['orders', 'bills.eu']) await makeTopic(broker, 'owner', topic)
    const topicsOf = (user: string) => asAdmin(broker, user, (admin) => admin.listTopics())
    assert.deepEqual((await topicsOf('guest')).sort(), ['bills.eu', 'orders'])
    assert.deepEqual((await topicsOf('owner')).sort(), ['bills.eu', 'orders'])
    assert.deepEqual(await topicsOf('writer'), ['orders'])
    assert.deepEqual(await topicsOf('nobody'), [])
    const type = kafkajs.ConfigResourceTypes.BROKER
    const settings = (user: string) =>
      asAdmin(broker, user, (admin) =>
        admin.describeConfigs({ resources: [{ type, name: '1' }], includeSynonyms: false }),
      )
    await settings('guest')
    await assert.rejects(settings('owner'), /Cluster authorization failed/i)
    const removed = asAdmin(broker, 'writer', (admin) => admin.deleteTopics({ topics: ['orders'] }))
    await assert.rejects(removed, /authorized/i)
    await asAdmin(broker, 'owner', (admin) => admin.deleteTopics({ topics: ['orders'] }))
    assert.deepEqual(await topicsOf('guest'), ['bills.eu'])
  }))

const acl = (operation: number, resourceName: string, resourceType: number = resources.TOPIC) => ({
  resourceType,
  resourceName,
  resourcePatternType: patterns.LITERAL,
  principal: 'User:nobody',
  host: '*',
  operation,
  permissionType: permissions.ALLOW,
})

const anyOf = (principal: string) => ({
  resourceType: resources.ANY,
  resourcePatternType: patterns.ANY,
  principal,
  operation: operations.ANY,
  permissionType: permissions.ANY,
})

test('permissions are shown, given and taken away as access lists', () =>
  withBroker(async (broker) => {
    const guest = <T>(use: (admin: kafkajs.Admin) => Promise<T>) => asAdmin(broker, 'guest', use)
    const listed = async (user: string) =>
      (await guest((admin) => admin.describeAcls(anyOf(`User:${user}`)))).resources.flatMap(
        ({ resourceType, resourceName, resourcePatternType, acls }) =>
          acls.map(({ operation }) =>
            [resourceType, resourcePatternType, resourceName, operation].join(' '),
          ),
      )
    const { TOPIC, GROUP } = resources
    const { LITERAL, PREFIXED } = patterns
    assert.deepEqual(await listed('writer'), [`${TOPIC} ${PREFIXED} orders ${operations.WRITE}`])
    assert.deepEqual((await listed('reader')).sort(), [
      ...['orders', 'readers'].map((name) => `${TOPIC} ${LITERAL} ${name} ${operations.READ}`),
      ...['orders', 'readers'].map((name) => `${GROUP} ${LITERAL} ${name} ${operations.READ}`),
    ])
    assert.deepEqual(await listed('owner'), [], 'an expression is not an access list')

    await makeTopic(broker, 'owner', 'orders')
    const give = (...given: ReturnType<typeof acl>[]) =>
      guest((admin) => admin.createAcls({ acl: given }))
    await assert.rejects(send(broker, 'nobody', 'orders'))
    await give(acl(operations.WRITE, 'orders'), acl(operations.DESCRIBE, 'orders'))
    await send(broker, 'nobody', 'orders')
    assert.deepEqual(await listed('nobody'), [`${TOPIC} ${LITERAL} orders ${operations.WRITE}`])
    for (const wrong of [
      acl(operations.CREATE, 'orders'),
      acl(operations.DESCRIBE, 'bills'),
      acl(operations.ALTER, 'kafka-cluster', resources.CLUSTER),
      { ...acl(operations.READ, 'orders'), host: '10.0.0.1' },
      { ...acl(operations.READ, 'orders'), principal: 'User:absent' },
      { ...acl(operations.READ, 'orders'), permissionType: permissions.DENY },
    ])
      await assert.rejects(give(wrong))
    await give(
      ...[operations.CREATE, operations.DELETE, operations.ALTER].map((each) => acl(each, 'x')),
    )
    await makeTopic(broker, 'nobody', 'x')

    const filter = { ...anyOf('User:nobody'), operation: operations.WRITE }
    const gone = await guest((admin) => admin.deleteAcls({ filters: [filter] }))
    assert.equal(gone.filterResponses[0]?.matchingAcls.length, 1)
    await assert.rejects(send(broker, 'nobody', 'orders'))
    await assert.rejects(
      asAdmin(broker, 'owner', (admin) => admin.describeAcls(anyOf('User:nobody'))),
      /authorization failed/i,
    )
  }))
