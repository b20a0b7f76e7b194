import assert from 'node:assert/strict'
import test from 'node:test'
import { type CommittedOffset, CommittedOffsets } from '../../src/coordinator/committed-offsets.ts'
import { GroupBudget } from '../../src/coordinator/group-budget.ts'

const budget = new GroupBudget({ groupsMax: 1, memoryBytesMax: 0 })
const told = (): void => undefined

const at = (offset: number): CommittedOffset => ({
  offset,
  leaderEpoch: -1,
  metadata: '',
  committedAtMs: 0,
  expiresAtMs: null,
})

test('committed offsets: a refused record does not take away the one behind it', () => {
  const offsets = new CommittedOffsets(budget, told)
  offsets.reserve('t', 0)
  offsets.reserve('t', 0)
  offsets.settle('t', 0, false, at(1))
  assert.ok(offsets.has('t', 0))
  assert.equal(offsets.get('t', 0), null)
  offsets.settle('t', 0, true, at(2))
  assert.equal(offsets.get('t', 0)?.offset, 2)
})

test('committed offsets: a deletion behind a commit on its way wins, and leaves nothing', () => {
  const offsets = new CommittedOffsets(budget, told)
  offsets.reserve('t', 0)
  offsets.reserve('t', 0)
  offsets.settle('t', 0, true, at(1))
  offsets.settle('t', 0, true, null)
  assert.equal(offsets.size, 0)
  assert.deepEqual([...offsets.topicNames()], [])
})
