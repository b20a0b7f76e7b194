// Groups through the door, in every version: the layouts, and what the door itself decides.
import assert from 'node:assert/strict'
import test from 'node:test'
import { deleteGroups, offsetDelete } from '../../../src/protocol/kafka/schema/delete-groups.ts'
import { describeGroups, listGroups } from '../../../src/protocol/kafka/schema/describe-groups.ts'
import { findCoordinator } from '../../../src/protocol/kafka/schema/find-coordinator.ts'
import { heartbeat, leaveGroup } from '../../../src/protocol/kafka/schema/heartbeat.ts'
import { joinGroup, syncGroup } from '../../../src/protocol/kafka/schema/join-group.ts'
import { offsetCommit } from '../../../src/protocol/kafka/schema/offset-commit.ts'
import { offsetFetch } from '../../../src/protocol/kafka/schema/offset-fetch.ts'
import { requestFrame } from './request-frame.ts'
import { type TestClient, TestDoor } from './test-door.ts'

const unknownId = 'd'.repeat(32)

async function open() {
  const host = await TestDoor.open()
  const made = host.broker.topics.createNow({
    name: 't',
    partitions: 2,
    replicationFactor: 1,
    assignments: null,
    configs: [],
  })
  assert.ok(made.ok)
  return { host, client: host.connect(), topicId: made.value.id }
}

async function join(host: TestDoor, client: TestClient, groupId: string, version: number) {
  const request = (memberId: string) => ({
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('mine') }],
  })
  const ask = async (memberId: string) => {
    client.send(joinGroup, version, request(memberId))
    await host.clock.advance(1)
    return client.answer(joinGroup, version)
  }
  const first = await ask('')
  if (version < 4) return first
  assert.equal(first.errorCode, 79)
  assert.ok(first.memberId)
  if (version < 7) assert.equal(first.protocolName, '')
  return ask(first.memberId)
}

test('a member joins, gets its assignment, lives and leaves, in every version', async () => {
  const { host, client } = await open()
  for (let version = 0; version <= 9; version++) {
    const groupId = `g${version}`
    const joined = await join(host, client, groupId, version)
    const { memberId, generationId } = joined
    assert.equal(joined.errorCode, 0)
    assert.equal(joined.leader, memberId)
    assert.equal(joined.protocolName, 'range')
    assert.equal(Buffer.from(joined.members[0]?.metadata ?? []).toString(), 'mine')
    const member = { groupId, generationId, memberId }
    const assignments = [{ memberId, assignment: Buffer.from('all of it') }]
    const protocol = { protocolType: 'consumer', protocolName: 'range' }
    const synced = await client.call(syncGroup, Math.min(version, 5), {
      ...member,
      ...protocol,
      assignments,
    })
    assert.equal(Buffer.from(synced.assignment).toString(), 'all of it')
    const alive = await client.call(heartbeat, Math.min(version, 4), member)
    assert.equal(alive.errorCode, 0)
    const stale = { ...member, generationId: 99 }
    assert.equal((await client.call(heartbeat, Math.min(version, 4), stale)).errorCode, 22)
    const described = await client.call(describeGroups, Math.min(version, 6), { groups: [groupId] })
    const group = described.groups[0]
    assert.equal(group?.groupState, 'Stable')
    assert.equal(group?.members[0]?.clientHost, '/127.0.0.1')
    assert.equal(Buffer.from(group?.members[0]?.memberAssignment ?? []).toString(), 'all of it')
    const leaving = { memberId, groupInstanceId: null }
    const left = await client.call(leaveGroup, Math.min(version, 5), {
      groupId,
      memberId,
      members: [leaving],
    })
    assert.equal(left.errorCode, 0)
    const again = await client.call(leaveGroup, Math.min(version, 5), {
      groupId,
      memberId,
      members: [leaving],
    })
    const error = version < 3 ? again.errorCode : again.members[0]?.errorCode
    assert.equal(error, 25)
  }
})

test('from version 5 on a sync must tell the protocol', async () => {
  const { client } = await open()
  const sync = { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] }
  const half = { ...sync, protocolType: 'consumer', protocolName: null }
  for (const body of [sync, half])
    assert.equal((await client.call(syncGroup, 5, body)).errorCode, 23)
  const whole = { ...half, protocolName: 'range' }
  assert.equal((await client.call(syncGroup, 5, whole)).errorCode, 25)
  assert.equal((await client.call(syncGroup, 4, sync)).errorCode, 25)
})

test('a group that is named twice is deleted once; nobody may do anything with none', async () => {
  const { client } = await open()
  const deleted = await client.call(deleteGroups, 2, { groupsNames: ['x', 'y', 'x'] })
  assert.deepEqual(
    deleted.results.map(({ groupId, errorCode }) => [groupId, errorCode]),
    [
      ['x', 69],
      ['y', 69],
    ],
  )
  const asked = { groups: ['x'], includeAuthorizedOperations: true }
  const [before] = (await client.call(describeGroups, 5, asked)).groups
  assert.deepEqual([before?.errorCode, before?.authorizedOperations], [0, 3400])
  const [now] = (await client.call(describeGroups, 6, asked)).groups
  assert.deepEqual([now?.errorCode, now?.authorizedOperations], [69, -2147483648])
})

test('an offset beyond 2^53 is refused, and the connection stays', async () => {
  const { client } = await open()
  const partition = { partitionIndex: 0, committedOffset: 0x0102_0304_0506 }
  const frame = requestFrame(offsetCommit, 6, {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 't', partitions: [{ ...partition, committedMetadata: null }] }],
  })
  frame.writeBigInt64BE(2n ** 63n - 1n, frame.indexOf('0000010203040506', 'hex'))
  client.pipe.send(frame)
  const answer = await client.answer(offsetCommit, 6)
  assert.equal(answer.topics[0]?.partitions[0]?.errorCode, 1)
  assert.equal(client.isClosed, false)
})

test('offsets come back as they were committed, in every version', async () => {
  const { client, topicId } = await open()
  for (let version = 2; version <= 10; version++) {
    const partition = { partitionIndex: 1, committedOffset: 40 + version, committedLeaderEpoch: 3 }
    const partitions = [{ ...partition, committedMetadata: `m${version}` }]
    const committed = await client.call(offsetCommit, version, {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [
        { name: 't', topicId, partitions },
        { name: 'none', topicId: unknownId, partitions },
        { name: 't', topicId, partitions: [{ ...partitions[0]!, partitionIndex: 9 }] },
      ],
    })
    assert.deepEqual(
      committed.topics.map((topic) => topic.partitions[0]?.errorCode),
      [0, version >= 10 ? 100 : 3, 3],
    )
  }
  for (let version = 1; version <= 7; version++) {
    const asked = [{ name: 't', partitionIndexes: [1, 0] }]
    const answer = await client.call(offsetFetch, version, { groupId: 'g', topics: asked })
    assert.equal(answer.errorCode, 0)
    const [found, missing] = answer.topics[0]?.partitions ?? []
    assert.deepEqual([found?.committedOffset, found?.metadata, found?.errorCode], [50, 'm10', 0])
    if (version >= 5) assert.equal(found?.committedLeaderEpoch, 3)
    const none = [missing?.committedOffset, missing?.metadata, missing?.errorCode]
    assert.deepEqual(none, [-1, '', 0])
  }
  for (let version = 8; version <= 10; version++) {
    const topics = [
      { name: 't', topicId, partitionIndexes: [1] },
      { name: 'none', topicId: unknownId, partitionIndexes: [0] },
    ]
    const groups = [
      { groupId: 'g', topics },
      { groupId: 'nobody', topics: null },
      { groupId: 'g', topics: null },
    ]
    const answer = await client.call(offsetFetch, version, { groups })
    const [some, nobody, again] = answer.groups
    assert.equal(again, undefined, 'a group that is named again is answered once')
    const one = [{ groupId: 'g', topics: null }]
    const [all] = (await client.call(offsetFetch, version, { groups: one })).groups
    assert.equal(some?.topics[0]?.partitions[0]?.committedOffset, 50)
    assert.equal(some?.topics[1]?.partitions[0]?.errorCode, version >= 10 ? 100 : 0)
    if (version >= 10) assert.equal(all?.topics[0]?.topicId, topicId)
    else assert.equal(all?.topics[0]?.name, 't')
    assert.equal(all?.topics.length, 1)
    assert.deepEqual([nobody?.errorCode, nobody?.topics], [0, []])
  }
})

test('a commit by a member that nobody knows, by version', async () => {
  const { client } = await open()
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }]
  for (const [version, code] of [
    [8, 22],
    [9, 69],
  ] as const) {
    const answer = await client.call(offsetCommit, version, {
      groupId: 'new',
      generationIdOrMemberEpoch: 5,
      memberId: 'x',
      topics: [{ name: 't', partitions }],
    })
    assert.equal(answer.topics[0]?.partitions[0]?.errorCode, code)
  }
})

test('the coordinator of everything is this node', async () => {
  const { client } = await open()
  for (let version = 0; version <= 3; version++) {
    const answer = await client.call(findCoordinator, version, { key: 'g' })
    const found = [answer.errorCode, answer.nodeId, answer.host, answer.port]
    assert.deepEqual(found, [0, 7, 'broker.test', 19092])
  }
  for (let version = 4; version <= 6; version++) {
    const asked = { keyType: 1, coordinatorKeys: ['a', 'b'] }
    const answer = await client.call(findCoordinator, version, asked)
    assert.deepEqual(
      answer.coordinators.map((each) => [each.key, each.errorCode, each.nodeId]),
      [
        ['a', 0, 7],
        ['b', 0, 7],
      ],
    )
    const share = await client.call(findCoordinator, version, { ...asked, keyType: 2 })
    assert.equal(share.coordinators[0]?.errorCode, 42)
  }
})

test('groups are listed, described when they are not there, and deleted', async () => {
  const { host, client } = await open()
  await join(host, client, 'g', 9)
  for (let version = 0; version <= 5; version++) {
    const answer = await client.call(listGroups, version, {})
    assert.deepEqual(
      answer.groups.map((group) => group.groupId),
      ['g'],
    )
  }
  const filtered = await client.call(listGroups, 5, { statesFilter: ['empty'], typesFilter: [] })
  assert.deepEqual(filtered.groups, [])
  const typed = await client.call(listGroups, 5, { typesFilter: ['CLASSIC'] })
  assert.equal(typed.groups[0]?.groupType, 'classic')
  const old = await client.call(describeGroups, 5, { groups: ['none'] })
  assert.deepEqual([old.groups[0]?.errorCode, old.groups[0]?.groupState], [0, 'Dead'])
  const operations = { groups: ['none'], includeAuthorizedOperations: true }
  const now = await client.call(describeGroups, 6, operations)
  assert.equal(now.groups[0]?.errorCode, 69)
  assert.ok(now.groups[0]?.errorMessage)
  for (let version = 0; version <= 2; version++) {
    const deleted = await client.call(deleteGroups, version, { groupsNames: ['g', 'none'] })
    assert.deepEqual(
      deleted.results.map((each) => each.errorCode),
      [68, 69],
    )
  }
})

test('OffsetDelete answers each partition', async () => {
  const { client } = await open()
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }]
  await client.call(offsetCommit, 9, {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 't', partitions }],
  })
  const topics = [
    { name: 'none', partitions: [{ partitionIndex: 0 }] },
    { name: 't', partitions: [{ partitionIndex: 9 }, { partitionIndex: 0 }] },
  ]
  const answer = await client.call(offsetDelete, 0, { groupId: 'g', topics })
  assert.equal(answer.errorCode, 0)
  assert.deepEqual(
    answer.topics.map((topic) => topic.partitions.map((each) => each.errorCode)),
    [[3], [3, 0]],
  )
  const none = await client.call(offsetDelete, 0, { groupId: 'none', topics })
  assert.equal(none.errorCode, 69)
})
