import assert from 'node:assert/strict'
import test from 'node:test'
import { groupPartition, javaHashCode } from '../../src/coordinator/group-partition.ts'

test('group partition: as Java computes it', () => {
  assert.equal(javaHashCode(''), 0)
  assert.equal(javaHashCode('hello'), 99162322)
  assert.equal(javaHashCode('polygenelubricants'), -2147483648)
  assert.equal(groupPartition('hello', 50), 22)
  // The smallest integer has no positive counterpart.
  assert.equal(groupPartition('polygenelubricants', 50), 0)
})
