// What a partition remembers of producers: those without an epoch, as Kafka takes them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { ProducerBudget, ProducerState } from '../../src/log/producer-state.ts'

test('without an epoch sequences need not follow, and a batch sent twice is stored once', () => {
  const state = new ProducerState(new ProducerBudget(9))
  let end = 0
  const append = (epoch: number, sequence: number): string => {
    const check = state.check(5, epoch, sequence, sequence)
    if (check.kind === 'next')
      state.note({
        producerId: 5,
        producerEpoch: epoch,
        baseSequence: sequence,
        lastSequence: sequence,
        baseOffset: end,
        lastOffset: end++,
        timestampMs: 1,
      })
    return check.kind === 'refused' ? check.error : check.kind
  }
  assert.equal(append(-1, 5), 'next')
  assert.equal(append(-1, 7), 'next')
  assert.equal(append(-1, 7), 'duplicate')
  assert.equal(append(-1, 0), 'next')
  assert.equal(append(2, 9), 'next', 'the first epoch may begin anywhere')
  assert.equal(append(2, 11), 'outOfOrderSequence')
  assert.equal(append(-1, 12), 'invalidProducerEpoch')
  assert.equal(append(3, 1), 'outOfOrderSequence')
  const [snapshot] = new ProducerState(new ProducerBudget(9), state.snapshot(end)).snapshot(end)
  assert.deepEqual([snapshot?.id, snapshot?.epoch], [5, 2])
})
