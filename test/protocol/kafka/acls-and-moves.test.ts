// Access lists, which are not there, and moves of partitions, which never happen.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createAcls, deleteAcls, describeAcls } from '../../../src/protocol/kafka/schema/acls.ts'
import {
  alterPartitionReassignments,
  listPartitionReassignments,
} from '../../../src/protocol/kafka/schema/partition-reassignments.ts'
import { TestDoor } from './test-door.ts'

const any = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}
const rule = {
  resourceType: 2,
  resourceName: 't',
  resourcePatternType: 3,
  principal: 'User:x',
  host: '*',
  operation: 3,
  permissionType: 3,
}
const codes = (answers: readonly { errorCode: number }[]) => answers.map((each) => each.errorCode)

test('access lists are disabled: once for all, or for each of what was asked', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  for (const version of [1, 2, 3]) {
    const described = await client.call(describeAcls, version, any)
    assert.deepEqual([described.errorCode, described.resources], [54, []])
    const created = await client.call(createAcls, version, { creations: [rule, rule] })
    assert.deepEqual(codes(created.results), [54, 54])
    const deleted = await client.call(deleteAcls, version, { filters: [any, any] })
    assert.deepEqual(codes(deleted.filterResults), [54, 54])
  }
  assert.deepEqual((await client.call(createAcls, 3, { creations: [] })).results, [])
  assert.deepEqual(host.lines, [], 'clients ask for them on the side')
})

test('a partition may move to where it is, and nothing is on its way', async () => {
  const host = await TestDoor.open()
  host.broker.topics.createNow({
    name: 't',
    partitions: 2,
    replicationFactor: 1,
    assignments: null,
    configs: [],
  })
  const client = host.connect()
  const asked = (name: string, ...partitions: [number, number[] | null][]) => ({
    name,
    partitions: partitions.map(([partitionIndex, replicas]) => ({ partitionIndex, replicas })),
  })
  for (const version of [0, 1]) {
    const { errorCode, responses } = await client.call(alterPartitionReassignments, version, {
      timeoutMs: 1,
      topics: [
        asked('t', [0, [7]], [1, null], [0, [8]], [2, [7]], [2, null]),
        asked('x', [0, [7]]),
      ],
    })
    assert.equal(errorCode, 0)
    assert.deepEqual(
      responses.map(({ name, partitions }) => [name, codes(partitions)]),
      [
        ['t', [0, 85, 39, 3, 3]],
        ['x', [3]],
      ],
    )
  }
  const listed = await client.call(listPartitionReassignments, 0, {
    timeoutMs: 1,
    topics: [{ name: 't', partitionIndexes: [0, 9] }],
  })
  assert.deepEqual([listed.errorCode, listed.topics], [0, []])
})
