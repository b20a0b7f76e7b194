// What a node holds has limits, of all its vhosts together, and who meets one is told which.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkRoom, type Holder } from '../../src/broker/declarations/limits.ts'
import { refusal } from './messaging-fixture.ts'

const holder = (queues: number, streams: number, bindings: number): Holder => ({
  queues: { size: queues },
  streams: { size: streams },
  exchanges: { size: 7 },
  routing: { bindingCount: bindings },
})
const max = { queuesMax: 5, exchangesMax: 15, bindingsMax: 4 }

test('queues and streams, exchanges and bindings of all vhosts are counted together', () => {
  const vhosts = [holder(2, 1, 4), holder(1, 0, 0)]
  assert.equal(refusal(checkRoom(max, vhosts, 'queues', 'declare q')), 'ok')
  assert.equal(refusal(checkRoom(max, vhosts, 'exchanges', 'declare e')), 'ok')
  assert.equal(
    refusal(checkRoom(max, vhosts, 'bindings', 'bind q')),
    'preconditionFailed: cannot bind q: this node holds at most 4 bindings; raise ' +
      'polymq.max.bindings',
  )
  const full = [...vhosts, holder(1, 0, 0)]
  assert.match(refusal(checkRoom(max, full, 'queues', 'declare q')), /at most 5 queues/)
})
