// What the scripts cannot show: limits of time before loading, records that cannot be read,
// re-entrance.
import assert from 'node:assert/strict'
import test from 'node:test'
import { GroupBudget } from '../../src/coordinator/group-budget.ts'
import { GroupCoordinator } from '../../src/coordinator/group-coordinator.ts'
import { offsetRecord } from '../../src/coordinator/group-records.ts'
import type { JoinAnswer, JoinRequest } from '../../src/coordinator/group-requests.ts'
import { ManualClock, MemoryAppender, SeededChance, text } from './world.ts'

const joinOf = (groupId: string): JoinRequest => ({
  groupId,
  memberId: '',
  instanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: subscription('orders') }],
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  clientId: 'c',
  clientHost: '/127.0.0.1',
  requireKnownMemberId: false,
  supportsSkipAssignment: true,
})

/** Version 1, one topic, no user data, and something that only later versions know. */
const subscription = (topic: string): Uint8Array =>
  Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 1, 0, topic.length]), text(topic), text('later')])

const ignore = (): void => undefined

const make = (options = {}, budget?: GroupBudget) => {
  const clock = new ManualClock()
  const appender = new MemoryAppender()
  const chance = new SeededChance(7)
  const coordinator = new GroupCoordinator({
    clock,
    chance,
    appender,
    options,
    ...(budget && { budget }),
  })
  return { clock, appender, coordinator }
}

test('coordinator: before it is loaded it says so', () => {
  const { clock, coordinator } = make()
  const answers: JoinAnswer[] = []
  coordinator.join(joinOf('g'), (a) => answers.push(a))
  clock.settle()
  assert.equal(answers[0]?.error, 'coordinatorLoading')
  assert.equal(coordinator.fetchOffsets('g', null).error, 'coordinatorLoading')
  coordinator.load([])
  assert.equal(
    coordinator.heartbeat({ groupId: '', memberId: 'm', instanceId: null, generation: 1 }),
    'invalidGroupId',
  )
  assert.equal(coordinator.fetchOffsets('', null).error, null, 'it may keep offsets')
  assert.equal(coordinator.fetchOffsets('g', null).error, null)
})

test('coordinator: records that cannot be read do not keep the others from being loaded', () => {
  const { coordinator } = make()
  const committed = {
    offset: 3,
    leaderEpoch: 1,
    metadata: 'm',
    committedAtMs: 5,
    expiresAtMs: null,
  }
  const good = offsetRecord('g', 't', 0, committed)
  const torn = { key: good.key, value: good.value?.subarray(0, 4) ?? null }
  const foreign = { key: Uint8Array.from([0, 3, 0, 0]), value: text('?') }
  const nonsense = { key: Uint8Array.from([0]), value: null }
  assert.deepEqual(coordinator.load([torn, foreign, good, nonsense]), {
    records: 4,
    foreign: 1,
    unreadable: 2,
  })
  assert.deepEqual(coordinator.fetchOffsets('g', null).topics, [
    { topic: 't', partitions: [{ partition: 0, offset: 3, leaderEpoch: 1, metadata: 'm' }] },
  ])
})

test('coordinator: whoever is answered may ask again at once', () => {
  const { clock, coordinator } = make()
  coordinator.load([])
  const synced: (string | null)[] = []
  const syncAtOnce = (a: JoinAnswer): void => {
    const { memberId, generation } = a
    const assignments = a.members.map((m) => ({ memberId: m.memberId, assignment: text('x') }))
    const member = { groupId: 'g', memberId, instanceId: null, generation }
    coordinator.sync({ ...member, protocolType: null, protocol: null, assignments }, ({ error }) =>
      synced.push(error),
    )
  }
  for (let i = 0; i < 3; i++) coordinator.join(joinOf('g'), syncAtOnce)
  clock.advance(0)
  assert.deepEqual(synced, [null, null, null])
  assert.equal(coordinator.describe('g').state, 'Stable')
})

test('coordinator: offsets of a topic that a consumer reads stay, those of others go', () => {
  const { clock, coordinator } = make({ offsetRetentionMs: 1_000, retentionCheckMs: 100 })
  coordinator.load([])
  const answers: JoinAnswer[] = []
  coordinator.join(joinOf('g'), (a) => answers.push(a))
  clock.advance(0)
  const { memberId, generation } = answers[0]!
  const member = { groupId: 'g', memberId, instanceId: null, generation }
  coordinator.sync({ ...member, protocolType: null, protocol: null, assignments: [] }, ignore)
  const partitions = [{ partition: 0, offset: 1, leaderEpoch: -1, metadata: '' }]
  const topics = ['orders', 'former'].map((topic) => ({ topic, partitions }))
  coordinator.commit({ ...member, retentionMs: null, topics }, ignore)
  const errors: unknown[] = []
  const wanted = ['orders', 'former'].map((topic) => ({ topic, partitions: [7] }))
  coordinator.deleteOffsets('g', wanted, (a) =>
    errors.push(...a.topics.map((t) => t.partitions[0]?.error)),
  )
  assert.deepEqual(errors, ['groupSubscribed', null])
  clock.advance(1_100)
  assert.deepEqual(
    coordinator.fetchOffsets('g', null).topics.map((t) => t.topic),
    ['orders'],
  )
})

test('coordinator: a group to which nobody came goes with the member id it gave out', () => {
  const { clock, coordinator } = make({ groupsMax: 2 })
  coordinator.load([])
  const errors: unknown[] = []
  const join = (groupId: string): void => {
    const request = { ...joinOf(groupId), requireKnownMemberId: true }
    coordinator.join(request, ({ error }) => errors.push(error))
    clock.settle()
  }
  for (const groupId of ['a', 'b', 'c']) join(groupId)
  clock.advance(10_001)
  join('c')
  assert.deepEqual(errors, [
    'memberIdRequired',
    'memberIdRequired',
    'memberIdRequired',
    'memberIdRequired',
  ])
  assert.equal(coordinator.list({ states: [], types: [] }).groups.length, 1)
})

test('coordinator: ids that nobody uses make room for who comes, and no others do', () => {
  const budget = new GroupBudget({ groupsMax: 100, memoryBytesMax: 20_000 })
  const { clock, coordinator } = make({}, budget)
  coordinator.load([])
  const errors: unknown[] = []
  const join = (groupId: string, requireKnownMemberId: boolean): void => {
    coordinator.join({ ...joinOf(groupId), requireKnownMemberId }, (a) => errors.push(a.error))
    clock.advance(0)
  }
  join('real', false)
  for (let i = 0; i < 1000; i++) join(`flood ${i}`, true)
  assert.deepEqual([errors[0], new Set(errors.slice(1))], [null, new Set(['memberIdRequired'])])
  assert.ok(budget.bytes <= 20_000 && budget.handedOut.size > 1)
  assert.ok(coordinator.list({ states: [], types: [] }).groups.some((g) => g.groupId === 'real'))
  // Members that are there stay, and new groups leave room for more of them.
  for (let i = 0; i < 10; i++) join(`stays ${i}`, false)
  assert.equal(errors.at(-1), 'groupMemoryUsedUp')
  assert.equal(budget.handedOut.size, 0)
  join('real', true)
  assert.equal(errors.at(-1), 'memberIdRequired')
})

test('coordinator: a commit of which nothing is taken makes no group', () => {
  const { clock, coordinator } = make({ groupsMax: 1, offsetMetadataLengthMax: 1 })
  coordinator.load([])
  const errors: unknown[] = []
  const commit = (groupId: string, metadata: string): void => {
    const partitions = [{ partition: 0, offset: 1, leaderEpoch: -1, metadata }]
    const member = { groupId, memberId: '', instanceId: null, generation: -1, retentionMs: null }
    coordinator.commit({ ...member, topics: [{ topic: 't', partitions }] }, (a) =>
      errors.push(a.error ?? a.topics[0]?.partitions[0]?.error),
    )
    clock.settle()
  }
  for (const id of ['a', 'b', 'c']) commit(id, 'too long')
  commit('d', '')
  commit('e', '')
  const long = 'offsetMetadataTooLarge'
  assert.deepEqual(errors, [long, long, long, null, 'groupMemoryUsedUp'])
  const { groups } = coordinator.list({ states: [], types: [] })
  assert.deepEqual(
    groups.map((g) => g.groupId),
    ['d'],
  )
})

test('coordinator: what members offer counts for the node, and goes with them', () => {
  const budget = new GroupBudget({ groupsMax: 10, memoryBytesMax: 6_100 })
  const [one, other] = [make({}, budget), make({}, budget)]
  const join = ({ clock, coordinator }: typeof one, groupId: string): JoinAnswer => {
    let answer: JoinAnswer | undefined
    const protocols = [{ name: 'range', metadata: new Uint8Array(15) }]
    coordinator.join({ ...joinOf(groupId), protocols }, (a) => {
      answer = a
    })
    clock.advance(0)
    return answer as JoinAnswer
  }
  one.coordinator.load([])
  other.coordinator.load([])
  const { memberId } = join(one, 'a')
  assert.equal(budget.bytes, 2_048 + 1 + 2_048 + 20 + 2)
  const sync = (bytes: number): unknown => {
    let error: unknown
    const assignments = [{ memberId, assignment: new Uint8Array(bytes) }]
    const member = { groupId: 'a', memberId, instanceId: null, generation: 1 }
    one.coordinator.sync({ ...member, protocolType: null, protocol: null, assignments }, (a) => {
      error = a.error
    })
    one.clock.advance(0)
    return error
  }
  assert.equal(sync(2_000), 'groupMemoryUsedUp')
  assert.equal(join(other, 'b').error, 'groupMemoryUsedUp')
  one.coordinator.leave({ groupId: 'a', members: [{ memberId, instanceId: null }] })
  assert.equal(budget.bytes, 2_048 + 1)
  assert.equal(join(other, 'b').error, null)
  assert.equal(budget.groups, 2)
})

test('coordinator: who is in stays in when the memory of groups is used up', () => {
  const budget = new GroupBudget({ groupsMax: 10, memoryBytesMax: 5_200 })
  const { clock, coordinator } = make({}, budget)
  coordinator.load([])
  const protocols = [{ name: 'range', metadata: new Uint8Array(15) }]
  const join = (memberId: string): JoinAnswer => {
    let answer: JoinAnswer | undefined
    const request = { ...joinOf('a'), memberId, protocols, instanceId: 'i' }
    coordinator.join(request as JoinRequest, (a) => {
      answer = a
    })
    clock.advance(0)
    return answer as JoinAnswer
  }
  const sync = ({ memberId, generation }: JoinAnswer, bytes: number): unknown => {
    let error: unknown
    const assignments = [{ memberId, assignment: new Uint8Array(bytes) }]
    const member = { groupId: 'a', memberId, instanceId: 'i', generation }
    const request = { ...member, protocolType: null, protocol: null, assignments }
    coordinator.sync(request, (a) => {
      error = a.error
    })
    clock.advance(0)
    return error
  }
  assert.equal(sync(join(''), 1_000), null)
  assert.equal(budget.bytesMax - budget.bytes < 100, true)
  const back = join('')
  assert.equal(back.error, null, 'it takes its own place')
  const next = join(back.memberId)
  assert.equal(next.generation, 2)
  assert.equal(sync(next, 1_000), null)
  assert.equal(sync(join(back.memberId), 1_200), 'groupMemoryUsedUp')
})
