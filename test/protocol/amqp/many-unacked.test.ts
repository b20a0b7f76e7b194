// A channel with very many deliveries that settles or gives back all of them at once: so many in
// each turn, and nobody sees their order changed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slices } from '../../../src/base/slices.ts'
import type { QueueHandle } from '../../../src/broker/messaging/api.ts'
import type { ChannelView } from '../../../src/protocol/amqp/channel/channel-view.ts'
import { Settling } from '../../../src/protocol/amqp/channel/settling.ts'
import { Unacked } from '../../../src/protocol/amqp/channel/unacked.ts'

const perTurn = 100

/** A channel of nothing but deliveries, and turns that the test ends. */
function setUp(count: number) {
  const due: (() => void)[] = []
  const unacked = new Unacked({ unacked: 0 })
  const accepted: number[] = []
  const rejected: number[] = []
  const held: number[] = []
  let waits = 0
  const queue: QueueHandle = {
    name: 'q',
    isDurable: false,
    accept: (id) => accepted.push(id),
    reject: (id) => rejected.push(id),
    hold: (by) => held.push(by),
  }
  const owner = { queue, isGone: false, settled: () => undefined }
  for (let id = 1; id <= count; id++) unacked.add(owner, id)
  const slices = new Slices({ soon: (action) => due.push(action) }, perTurn)
  const counters = { settled: 0 }
  const home = {
    door: { slices, counters, flushSoon: () => undefined },
    wait: (promise: Promise<unknown>) => {
      waits++
      void promise.then(() => waits--)
    },
  }
  const view = { unacked, counters, transaction: null, home, isOpen: true, fail: assert.fail }
  const turn = async (): Promise<void> => {
    for (const action of due.splice(0)) action()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const settling = new Settling(view as unknown as ChannelView)
  return { settling, unacked, accepted, rejected, held, turn, waits: () => waits }
}

test('what fits a turn is settled at once', () => {
  const { settling, accepted, held, waits } = setUp(perTurn)
  settling.ack(perTurn, true)
  assert.deepEqual([accepted.length, held, waits()], [perTurn, [], 0])
})

test('more is acknowledged turn by turn, while the connection waits', async () => {
  const { settling, unacked, accepted, held, turn, waits } = setUp(250)
  settling.ack(0, true)
  assert.deepEqual([accepted.length, waits()], [100, 1])
  await turn()
  assert.deepEqual([accepted.length, waits()], [200, 1])
  // The channel ends meanwhile: what was acknowledged is not given back.
  const ended = settling.abandon()
  await turn()
  await ended
  assert.deepEqual([accepted.length, unacked.count, held, waits()], [250, 0, [], 0])
})

test('more goes back in order, and the queue delivers nothing before all is there', async () => {
  const { settling, rejected, held, turn } = setUp(250)
  const ended = settling.abandon()
  assert.deepEqual([rejected.length, held], [100, [1]])
  await turn()
  assert.deepEqual([rejected.length, held], [200, [1]])
  await turn()
  await ended
  assert.deepEqual(held, [1, -1])
  assert.deepEqual(
    rejected,
    Array.from({ length: 250 }, (_, i) => i + 1),
  )
})

test('what stays while very many come and go is put aside, and found', () => {
  const { unacked } = setUp(0)
  const owner = { queue: {} as QueueHandle, isGone: false, settled: () => undefined }
  const plain = new Map<number, number>()
  // A generator of its own: the same each time.
  let state = 7
  const draw = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  let spanMax = 0
  for (let i = 0; i < 400_000; i++) {
    if (draw(10) === 0) unacked.pass()
    const tag = unacked.add(owner, i)
    plain.set(tag, i)
    // One in a thousand stays for long; the others go soon, a little out of order.
    for (const gone of [tag - draw(50), draw(2_000) === 0 ? draw(tag) : 0])
      if (plain.has(gone) && gone % 1000 !== 0) {
        assert.equal(unacked.idOf(gone), plain.get(gone))
        unacked.remove(gone)
        plain.delete(gone)
      }
    if (plain.size > 3_000)
      for (const old of [...plain.keys()].slice(0, 2_500))
        if (old % 1000 !== 0) {
          unacked.remove(old)
          plain.delete(old)
        }
    spanMax = Math.max(spanMax, unacked.span)
  }
  assert.ok(spanMax < 60_000, `${spanMax}`)
  assert.equal(unacked.count, plain.size)
  const walked: number[] = []
  for (let tag = unacked.at(1); tag < unacked.next; tag = unacked.at(tag + 1))
    if (unacked.ownerOf(tag) !== null) walked.push(tag)
  assert.deepEqual(walked, [...plain.keys()])
  assert.equal(unacked.first, walked[0])
  for (const tag of walked) unacked.remove(tag)
  assert.deepEqual([unacked.count, unacked.span, unacked.first], [0, 0, unacked.next])
})
