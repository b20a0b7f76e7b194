// Every request of a client that is held to permissions: what it may, what is refused with which
// code, and at which place of the answer. The user may do everything with `mine`, read `seen`, and
// nothing with `hidden` or with what is not there.
import assert from 'node:assert/strict'
import test from 'node:test'
import { authorizedBroker } from '../../../src/broker/access/authorized-broker.ts'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { EmbeddedStore } from '../../../src/metadata/embedded-store.ts'
import { partitionId } from '../../../src/model/ids.ts'
import { alterConfigs, describeConfigs } from '../../../src/protocol/kafka/schema/configs.ts'
import { createPartitions, createTopics } from '../../../src/protocol/kafka/schema/create-topics.ts'
import { deleteGroups, offsetDelete } from '../../../src/protocol/kafka/schema/delete-groups.ts'
import { deleteRecords, deleteTopics } from '../../../src/protocol/kafka/schema/delete-topics.ts'
import { describeCluster } from '../../../src/protocol/kafka/schema/describe-cluster.ts'
import { describeGroups, listGroups } from '../../../src/protocol/kafka/schema/describe-groups.ts'
import { fetch } from '../../../src/protocol/kafka/schema/fetch.ts'
import { findCoordinator } from '../../../src/protocol/kafka/schema/find-coordinator.ts'
import { heartbeat, leaveGroup } from '../../../src/protocol/kafka/schema/heartbeat.ts'
import { initProducerId } from '../../../src/protocol/kafka/schema/init-producer-id.ts'
import { joinGroup, syncGroup } from '../../../src/protocol/kafka/schema/join-group.ts'
import {
  listOffsets,
  offsetForLeaderEpoch,
} from '../../../src/protocol/kafka/schema/list-offsets.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { offsetCommit } from '../../../src/protocol/kafka/schema/offset-commit.ts'
import { offsetFetch } from '../../../src/protocol/kafka/schema/offset-fetch.ts'
import * as moves from '../../../src/protocol/kafka/schema/partition-reassignments.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { saslAuthenticate, saslHandshake } from '../../../src/protocol/kafka/schema/sasl.ts'
import { Accounts } from '../../../src/security/access/accounts.ts'
import { nilUuid } from '../../../src/wire/schema.ts'
import { batchOf, type TestClient, TestDoor } from './test-door.ts'

const names = ['mine', 'hidden', 'seen', 'absent']
const topicDenied = 29
const groupDenied = 30
const clusterDenied = 31

async function open() {
  const store = await EmbeddedStore.open(memoryDisk(), 'metadata')
  const chance = new SimChance(3)
  const accounts = await Accounts.open({ store, chance, loopbackUsers: () => ['guest'] })
  const host = await TestDoor.open({
    sasl: accounts.login.offer(['PLAIN']),
    brokerOf: (broker, user) => authorizedBroker(broker, accounts, user, '/'),
  })
  const secret = { password: 'secret' }
  for (const result of [
    await accounts.addUser('ann', secret, []),
    await accounts.addUser('root', secret, ['administrator']),
    await accounts.addUser('none', secret, []),
  ])
    assert.ok(result.ok)
  const texts = { configure: '^mine$', write: '^mine$', read: '^(mine|seen)$' }
  assert.ok((await accounts.permissions.set('ann', '/', texts)).ok)
  const ids = ['mine', 'hidden', 'seen'].map((name) => {
    const numbers = { partitions: 1, replicationFactor: 1, assignments: null, configs: [] }
    const made = host.broker.topics.createNow({ name, ...numbers })
    assert.ok(made.ok)
    return made.value.id
  })
  return { host, accounts, ids, client: await login(host, 'ann') }
}

async function login(host: TestDoor, user: string, address?: string): Promise<TestClient> {
  const client = host.connect(address)
  await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
  const authBytes = Buffer.from(`\0${user}\0secret`)
  assert.equal((await client.call(saslAuthenticate, 2, { authBytes })).errorCode, 0)
  return client
}

const codes = (answers: readonly { readonly errorCode: number }[]) =>
  answers.map(({ errorCode }) => errorCode)

/** Appends a record to this partition of each topic. */
const produceOf = (index: number) => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 1000,
  topicData: names.map((name) => ({ name, partitionData: [{ index, records: batchOf('x') }] })),
})

test('Produce appends where the user may write, and refuses at its place', async () => {
  const { host, client } = await open()
  const body = produceOf(0)
  const { responses } = await client.call(produce, 9, body)
  const told = responses.flatMap((topic) => topic.partitionResponses)
  assert.deepEqual(codes(told), [0, topicDenied, topicDenied, topicDenied])
  assert.match(told[2]?.errorMessage ?? '', /user 'ann' may not write to 'seen'/)
  const ends = ['mine', 'hidden', 'seen'].map((name) => {
    const topic = host.broker.topics.named(name)
    return topic && host.broker.logs.sizes(topic)[0]?.highWatermark
  })
  assert.deepEqual(ends, [1, 0, 0])
})

test('Fetch reads what the user may read, by name and by id', async () => {
  const { client, ids, accounts } = await open()
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1000 }]
  const base = { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0 }
  const fetched = async (version: number) => {
    const topics =
      version < 13
        ? names.map((topic) => ({ topic, partitions }))
        : ids.map((topicId) => ({ topicId, partitions }))
    const { responses } = await client.call(fetch, version, { ...base, topics })
    return responses.flatMap((topic) => topic.partitions.map((each) => each.errorCode))
  }
  assert.deepEqual(await fetched(12), [0, topicDenied, 0, topicDenied])
  assert.deepEqual(await fetched(13), [0, 100, 0])
  const texts = { configure: '', write: '.*', read: '' }
  assert.ok((await accounts.permissions.set('ann', '/', texts)).ok)
  assert.deepEqual(await fetched(13), [topicDenied, topicDenied, topicDenied])
})

test('who lacks the right is told so before anything of partitions', async () => {
  const { client } = await open()
  const wanted = [3, topicDenied, topicDenied, topicDenied]
  const { responses } = await client.call(produce, 9, produceOf(7))
  assert.deepEqual(codes(responses.flatMap((topic) => topic.partitionResponses)), wanted)
  const partitions = [{ partitionIndex: 7, offset: 0n }]
  const topics = names.map((name) => ({ name, partitions }))
  const deleted = await client.call(deleteRecords, 2, { topics, timeoutMs: 1000 })
  assert.deepEqual(codes(deleted.topics.flatMap((topic) => topic.partitions)), wanted)
  const at = { partition: 7, fetchOffset: 0n, partitionMaxBytes: 1000 }
  const asked = names.map((topic) => ({ topic, partitions: [at] }))
  const base = { maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0 }
  const fetched = await client.call(fetch, 12, { ...base, topics: asked })
  const told = fetched.responses.flatMap((topic) => topic.partitions)
  assert.deepEqual(codes(told), [3, topicDenied, 3, topicDenied])
})

test('a fetch that waits gets nothing once its right is gone', async () => {
  const { host, client, accounts } = await open()
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1000 }]
  const base = { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1000, isolationLevel: 0 }
  const topics = ['mine', 'seen'].map((topic) => ({ topic, partitions }))
  const told = client.call(fetch, 12, { ...base, topics })
  const texts = { configure: '', write: '.*', read: '^seen$' }
  assert.ok((await accounts.permissions.set('ann', '/', texts)).ok)
  const topic = host.broker.topics.named('mine')
  assert.ok(topic)
  const batch = batchOf('x')
  host.broker.logs.append([{ topic, partition: partitionId(0), batch }], 'all', () => undefined)
  const { responses } = await told
  const seen = responses.flatMap((each) =>
    each.partitions.map(({ errorCode, records }) => [errorCode, records?.length ?? 0]),
  )
  assert.deepEqual(seen, [
    [topicDenied, 0],
    [0, 0],
  ])
  assert.equal(host.broker.logs.unreleased, 0)
})

test('offsets are told of what may be seen, and records deleted by who may configure', async () => {
  const { client } = await open()
  const timestamp = -1n
  const asked = names.map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp }] }))
  const listed = await client.call(listOffsets, 7, { replicaId: -1, topics: asked })
  const seen = [0, topicDenied, 0, topicDenied]
  assert.deepEqual(codes(listed.topics.flatMap((topic) => topic.partitions)), seen)
  const epochs = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }]
  const ends = await client.call(offsetForLeaderEpoch, 4, {
    topics: names.map((topic) => ({ topic, partitions: epochs })),
  })
  assert.deepEqual(codes(ends.topics.flatMap((topic) => topic.partitions)), seen)
  const partitions = [{ partitionIndex: 0, offset: -1n }]
  const topics = names.map((name) => ({ name, partitions }))
  const deleted = await client.call(deleteRecords, 2, { topics, timeoutMs: 1000 })
  const configured = [0, topicDenied, topicDenied, topicDenied]
  assert.deepEqual(codes(deleted.topics.flatMap((topic) => topic.partitions)), configured)
})

test('Metadata hides what may not be seen, tells rights, and makes only what it may', async () => {
  const { host, client, ids } = await open()
  const options = {
    allowAutoTopicCreation: true,
    includeTopicAuthorizedOperations: true,
    includeClusterAuthorizedOperations: true,
  }
  const all = await client.call(metadata, 9, { topics: null, ...options })
  const rights = all.topics.map((topic) => [topic.name, topic.topicAuthorizedOperations])
  const seen = (1 << 3) | (1 << 8) | (1 << 10)
  assert.deepEqual(
    new Map(rights as [string, number][]),
    new Map([
      ['mine', 3576],
      ['seen', seen],
    ]),
  )
  const asked = names.map((name) => ({ name }))
  const some = await client.call(metadata, 9, { topics: asked, ...options })
  assert.deepEqual(codes(some.topics), [0, topicDenied, 0, topicDenied])
  const byId = ids.map((topicId) => ({ topicId, name: null }))
  assert.deepEqual(codes((await client.call(metadata, 12, { topics: byId })).topics), [0, 100, 0])
  host.broker.topics.byName.clear()
  const again = await client.call(metadata, 9, { topics: asked, ...options })
  assert.deepEqual(codes(again.topics), [0, topicDenied, topicDenied, topicDenied])
  assert.deepEqual([...host.broker.topics.byName.keys()], ['mine'])
})

test('topics are made, grown and deleted by who may configure them', async () => {
  const { host, client } = await open()
  const topics = names.map((name) => ({ name, count: 2, assignments: null }))
  const grown = await client.call(createPartitions, 3, {
    topics,
    timeoutMs: 1,
    validateOnly: false,
  })
  const configured = [0, topicDenied, topicDenied, topicDenied]
  assert.deepEqual(codes(grown.results), configured)
  const deleted = await client.call(deleteTopics, 6, {
    topics: names.map((name) => ({ name, topicId: nilUuid })),
    timeoutMs: 1,
  })
  assert.deepEqual(codes(deleted.responses), configured)
  const numbers = { numPartitions: 1, replicationFactor: 1 }
  const made = await client.call(createTopics, 7, {
    topics: names.map((name) => ({ name, ...numbers, assignments: [], configs: [] })),
    timeoutMs: 1,
    validateOnly: false,
  })
  assert.deepEqual(codes(made.topics), configured)
  assert.deepEqual([...host.broker.topics.byName.keys()].sort(), ['hidden', 'mine', 'seen'])
})

test('topics have configurations for who may see them, the node for administrators', async () => {
  const { host, client } = await open()
  const resources = [
    ...names.map((resourceName) => ({ resourceType: 2, resourceName })),
    { resourceType: 4, resourceName: '7' },
  ]
  const asked = resources.map((each) => ({ ...each, configurationKeys: null }))
  const options = { includeSynonyms: false }
  const described = await client.call(describeConfigs, 4, { resources: asked, ...options })
  assert.deepEqual(codes(described.results), [0, topicDenied, 0, topicDenied, clusterDenied])
  const configs = [{ name: 'retention.ms', value: '1' }]
  const wished = resources.map((each) => ({ ...each, configs }))
  const body = { resources: wished, validateOnly: true }
  const altered = await client.call(alterConfigs, 2, body)
  const refused = [0, topicDenied, topicDenied, topicDenied, clusterDenied]
  assert.deepEqual(codes(altered.responses), refused)
  const root = await login(host, 'root')
  const byRoot = await root.call(describeConfigs, 4, { resources: asked.slice(4), ...options })
  assert.deepEqual(codes(byRoot.results), [0])
})

test('the cluster is for administrators', async () => {
  const { host, client } = await open()
  const partitions = [{ partitionIndex: 0, replicas: [7] }]
  const body = { timeoutMs: 1, topics: [{ name: 'mine', partitions }] }
  const rights = async (asking: TestClient) => {
    const asked = { includeClusterAuthorizedOperations: true, endpointType: 1 }
    return (await asking.call(describeCluster, 1, asked)).clusterAuthorizedOperations
  }
  const moved = await client.call(moves.alterPartitionReassignments, 0, body)
  assert.deepEqual(codes([moved, ...(moved.responses[0]?.partitions ?? [])]), [
    clusterDenied,
    clusterDenied,
  ])
  const asked = { timeoutMs: 1, topics: null }
  const listed = await client.call(moves.listPartitionReassignments, 0, asked)
  assert.equal(listed.errorCode, clusterDenied)
  assert.equal(await rights(client), 1 << 12)
  assert.equal(await rights(await login(host, 'root')), 8096)
  const producer = { transactionalId: null, transactionTimeoutMs: 1 }
  assert.equal((await client.call(initProducerId, 4, producer)).errorCode, 0)
  const none = await login(host, 'none')
  assert.equal((await none.call(initProducerId, 4, producer)).errorCode, clusterDenied)
})

test('groups are for who may read their id', async () => {
  const { client } = await open()
  const member = { memberId: '', generationId: -1 }
  const coordinators = { keyType: 0, coordinatorKeys: names }
  const found = await client.call(findCoordinator, 4, coordinators)
  const read = [0, groupDenied, 0, groupDenied]
  assert.deepEqual(codes(found.coordinators), read)
  const groupId = 'hidden'
  const sessionTimeoutMs = 10_000
  const join = { groupId, sessionTimeoutMs, rebalanceTimeoutMs: 1, memberId: '' }
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
  const joined = await client.call(joinGroup, 5, { ...join, protocolType: 'consumer', protocols })
  const synced = await client.call(syncGroup, 4, { groupId, ...member, assignments: [] })
  const beaten = await client.call(heartbeat, 3, { groupId, ...member })
  const left = await client.call(leaveGroup, 3, { groupId, members: [] })
  const refused = [groupDenied, groupDenied, groupDenied, groupDenied]
  assert.deepEqual(codes([joined, synced, beaten, left]), refused)
  const asked = { groups: names, includeAuthorizedOperations: true }
  const described = await client.call(describeGroups, 5, asked)
  assert.deepEqual(codes(described.groups), read)
  const seen = (1 << 3) | (1 << 8) | (1 << 10)
  assert.equal(described.groups[2]?.authorizedOperations, seen)
})

test('offsets are committed, told and deleted by the rights on group and topics', async () => {
  const { host, client } = await open()
  const commit = async (asking: TestClient, groupId: string, partitionIndex = 0) => {
    const offset = { partitionIndex, committedOffset: 5, committedMetadata: '' }
    const topics = names.map((name) => ({ name, partitions: [offset] }))
    const member = { memberId: '', generationIdOrMemberEpoch: -1 }
    const answer = await asking.call(offsetCommit, 8, { groupId, ...member, topics })
    return codes(answer.topics.flatMap((topic) => topic.partitions))
  }
  assert.deepEqual(await commit(client, 'mine'), [0, topicDenied, 0, topicDenied])
  const denials = [groupDenied, groupDenied, groupDenied, groupDenied]
  assert.deepEqual(await commit(client, 'hidden'), denials)
  assert.deepEqual(await commit(client, 'hidden', 7), denials)
  host.broker.groups.commit(
    {
      ...{ groupId: 'mine', memberId: '', instanceId: null, generation: -1, retentionMs: null },
      topics: [
        {
          topic: 'hidden',
          partitions: [{ partition: 0, offset: 9, leaderEpoch: -1, metadata: '' }],
        },
      ],
    },
    () => undefined,
  )
  await host.clock.advance(1)
  const fetched = async (topics: { name: string; partitionIndexes: number[] }[] | null) => {
    const answer = await client.call(offsetFetch, 7, { groupId: 'mine', topics })
    return answer.topics.map(({ name, partitions }) => [
      name,
      partitions[0]?.committedOffset,
      partitions[0]?.errorCode,
    ])
  }
  const named = names.map((name) => ({ name, partitionIndexes: [0] }))
  assert.deepEqual(await fetched(named), [
    ['mine', 5, 0],
    ['hidden', -1, topicDenied],
    ['seen', 5, 0],
    ['absent', -1, topicDenied],
  ])
  assert.deepEqual((await fetched(null)).map(([name]) => name).sort(), ['mine', 'seen'])
  const denied = await client.call(offsetFetch, 7, { groupId: 'hidden', topics: null })
  assert.equal(denied.errorCode, groupDenied)
  const listed = await client.call(listGroups, 4, { statesFilter: [] })
  assert.deepEqual(
    listed.groups.map(({ groupId }) => groupId),
    ['mine'],
  )
  const topics = names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
  const forgotten = await client.call(offsetDelete, 0, { groupId: 'mine', topics })
  const answers = forgotten.topics.flatMap((topic) => topic.partitions)
  assert.deepEqual(codes(answers), [0, topicDenied, 0, topicDenied])
  const gone = await client.call(offsetDelete, 0, { groupId: 'seen', topics })
  assert.equal(gone.errorCode, groupDenied)
  const removed = await client.call(deleteGroups, 2, { groupsNames: names })
  assert.deepEqual(codes(removed.results), [0, groupDenied, groupDenied, groupDenied])
})

test('a permission that is taken away counts for connections that are open', async () => {
  const { client, accounts } = await open()
  const seen = async () =>
    (await client.call(metadata, 9, { topics: null })).topics.map((topic) => topic.name).sort()
  assert.deepEqual(await seen(), ['mine', 'seen'])
  assert.ok((await accounts.deleteUser('ann')).ok)
  assert.deepEqual(await seen(), [])
})

test('a user of this machine only does not come in from elsewhere', async () => {
  const { host, accounts } = await open()
  assert.ok((await accounts.addUser('guest', { password: 'secret' }, [])).ok)
  await login(host, 'guest', '127.0.0.1')
  await assert.rejects(login(host, 'guest', '10.0.0.9'))
})
