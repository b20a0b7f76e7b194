import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits } from '../../../src/protocol/amqp/frames/limits.ts'
import { Vigil } from '../../../src/protocol/amqp/vigil.ts'

const lookMs = 500

test('a heartbeat is sent twice in the time agreed on, however short that is', () => {
  const vigil = new Vigil(defaultLimits, 0)
  vigil.isGreeting = false
  vigil.heartbeatSeconds = 1
  const sent: number[] = []
  for (let now = lookMs; now <= 3000; now += lookMs) {
    vigil.isHeard = true
    assert.equal(vigil.look(now), null)
    if (!vigil.owesHeartbeat(now)) continue
    sent.push(now)
    vigil.isSent = true
  }
  assert.deepEqual(sent, [500, 1000, 1500, 2000, 2500, 3000])
})

test('a client that is silent for twice the time agreed on is gone', () => {
  const vigil = new Vigil(defaultLimits, 0)
  vigil.isGreeting = false
  vigil.heartbeatSeconds = 1
  assert.equal(vigil.look(2000), null)
  assert.match(vigil.look(2001) ?? '', /missed heartbeats/)
})
