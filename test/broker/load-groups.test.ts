// What becomes of groups whose partition of the internal topic is damaged.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import type { ErrorName } from '../../src/model/errors.ts'
import { withNodeOn } from './node-fixture.ts'

const groupIds = ['a', 'b', 'c']

async function make(node: NodeBroker, name: string): Promise<void> {
  const layout = { partitions: 1, replicationFactor: -1, assignments: null, configs: [] }
  assert.ok((await node.topics.create({ name, ...layout }, false)).ok)
}

function commit(
  node: NodeBroker,
  groupId: string,
  offset: number,
  topic = 't',
): Promise<ErrorName | null> {
  const partitions = [{ partition: 0, offset, leaderEpoch: -1, metadata: '' }]
  const member = { groupId, memberId: '', instanceId: null, generation: -1, retentionMs: null }
  return new Promise((resolve) =>
    node.groups.commit({ ...member, topics: [{ topic, partitions }] }, ({ error }) =>
      resolve(error),
    ),
  )
}

test('offsets of a topic whose deletion a crash cut short are not those of the next', async () => {
  const disk = memoryDisk()
  const committed = (node: NodeBroker): unknown[] =>
    ['t', 'gone'].map((topic) => {
      const { topics } = node.groups.fetchOffsets('g', [{ topic, partitions: [0] }])
      return topics[0]?.partitions[0]?.offset
    })
  await withNodeOn(disk, {}, async (node) => {
    await make(node, 't')
    await commit(node, 'g', 5)
    await commit(node, 'g', 7, 'gone')
    assert.deepEqual(committed(node), [5, 7])
  })
  for (let start = 0; start < 2; start++)
    await withNodeOn(disk, {}, async (node) => {
      if (start === 0) await make(node, 'gone')
      assert.deepEqual(committed(node), [5, -1])
    })
})

test('groups of a damaged partition are refused, until somebody says to forget', async () => {
  const disk = memoryDisk()
  const reported: string[] = []
  const withNode = (
    damagedGroups: string,
    use: (node: NodeBroker) => Promise<void>,
  ): Promise<void> => {
    const settings = { 'offsets.topic.num.partitions': '1', 'polymq.damaged.groups': damagedGroups }
    return withNodeOn(disk, settings, use, (line) => reported.push(line))
  }
  const offsets = (node: NodeBroker): unknown[] =>
    groupIds.map((id) => {
      const { error, topics } = node.groups.fetchOffsets(id, [{ topic: 't', partitions: [0] }])
      return error ?? topics[0]?.partitions[0]?.offset
    })

  let file = ''
  let middle = 0
  await withNode('refuse', async (node) => {
    await make(node, 't')
    for (const [i, id] of groupIds.entries()) assert.equal(await commit(node, id, i), null)
    await node.store.flush()
    const [segment] = node.store.all.flatMap((log) => log.segments)
    assert.ok(segment)
    file = segmentPath(segment.file)
    middle = segment.position + segment.bytes / 2
    assert.deepEqual(offsets(node), [0, 1, 2])
  })
  const damaged = await disk.open(file, { access: 'write' })
  await damaged.write([Uint8Array.of(0x5a)], Math.floor(middle))
  await damaged.close()

  await withNode('refuse', async (node) => {
    const refused = 'coordinatorNotAvailable'
    assert.deepEqual(offsets(node), [refused, refused, refused])
    assert.equal(await commit(node, 'a', 9), refused)
    assert.deepEqual(node.groups.list({ states: [], types: [] }), { error: null, groups: [] })
    assert.match(reported.join('\n'), /polymq\.damaged\.groups=forget/)
  })
  await withNode('forget', async (node) => {
    assert.deepEqual(offsets(node), [0, -1, 2])
    assert.equal(await commit(node, 'b', 7), null)
  })
  reported.length = 0
  await withNode('refuse', async (node) => {
    assert.deepEqual(offsets(node), [0, 7, 2])
  })
  assert.deepEqual(reported, [])
})
