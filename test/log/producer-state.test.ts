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

const batch = (epoch: number, sequence: number, offset: number) => ({
  producerId: 5,
  producerEpoch: epoch,
  baseSequence: sequence,
  lastSequence: sequence,
  baseOffset: offset,
  lastOffset: offset,
  timestampMs: 1,
})

test('a snapshot below the records of a new epoch leaves the rest to the replay', () => {
  const sent = [batch(0, 0, 0), batch(0, 1, 1), batch(0, 2, 2), batch(1, 0, 3), batch(1, 1, 4)]
  const state = new ProducerState(new ProducerBudget(9))
  for (const one of sent) state.note(one)
  for (let below = 0; below <= sent.length; below++) {
    const again = new ProducerState(new ProducerBudget(9), state.snapshot(below))
    for (const one of sent) if (one.baseOffset >= below) again.note(one)
    assert.deepEqual(again.snapshot(9), state.snapshot(9), `below ${below}`)
    assert.equal(again.check(5, 1, 2, 2).kind, 'next')
    assert.equal(again.check(5, 0, 3, 3).kind, 'refused')
  }
})

test('sequences that began anew once a producer was forgotten are no duplicates at replay', () => {
  const state = new ProducerState(new ProducerBudget(9))
  const again = new ProducerState(new ProducerBudget(9))
  for (let sequence = 0; sequence < 4; sequence++)
    for (const each of [state, again]) each.note(batch(0, sequence, sequence))
  state.expire(2)
  assert.equal(state.check(5, 0, 0, 0).kind, 'next')
  for (const each of [state, again]) each.note(batch(0, 0, 4))
  assert.deepEqual(again.snapshot(9), state.snapshot(9))
  assert.equal(again.check(5, 0, 1, 1).kind, 'next')
  const last = 2 ** 31 - 1
  for (const [offset, sequence] of [last - 1, last, 0, 1].entries())
    again.note(batch(1, sequence, 10 + offset))
  assert.equal(again.check(5, 1, last, last).kind, 'duplicate', 'they follow each other')
})
