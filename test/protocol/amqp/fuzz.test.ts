// Frames that went wrong, by the thousand: nothing may throw, other connections live on, and memory
// stays bounded. The seed is printed when it fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { encodeMethod } from '../../../src/protocol/amqp/methods/method-codec.ts'
import type { Kind, Values } from '../../../src/protocol/amqp/methods/schema.ts'
import {
  allMethods,
  bodyFrame,
  frame,
  headerFrame,
  publishFrames,
  type TestClient,
  TestDoor,
} from './test-door.ts'

const names = ['', 'q', 'amq.topic', 'amq.rabbitmq.reply-to', 'none', 'c', 'a'.repeat(255)]

function someValue(kind: Kind, chance: SimChance): unknown {
  switch (kind) {
    case 'bit':
      return chance.int(4) === 0
    case 'octet':
      return chance.int(256)
    case 'short':
      return chance.int(8)
    case 'long':
    case 'longlong':
      return chance.int(3) === 0 ? chance.int(2 ** 31) : chance.int(4)
    case 'shortstr':
      return names[chance.int(names.length)]
    case 'longstr':
      return chance.bytes(chance.int(20))
    case 'table':
      return new Map([['x-priority', { type: 'I', value: chance.int(100) }]])
  }
}

function anyFrame(chance: SimChance): Buffer {
  const channel = chance.int(8) === 0 ? chance.int(65_536) : 1 + chance.int(2)
  const what = chance.int(10)
  if (what === 0) return headerFrame(channel, chance.int(100), Buffer.from(chance.bytes(2)))
  if (what === 1) return bodyFrame(channel, chance.bytes(chance.int(100)))
  if (what < 5)
    return publishFrames(channel, names[chance.int(5)] ?? '', 'x'.repeat(chance.int(50)))
  const method = allMethods[chance.int(allMethods.length)]
  assert.ok(method)
  const fields = Object.entries(method.fields)
  const values = Object.fromEntries(fields.map(([name, kind]) => [name, someValue(kind, chance)]))
  return frame(1, channel, encodeMethod(method, values as Values<never>))
}

function mutated(bytes: Buffer, chance: SimChance): Buffer {
  const kind = chance.int(8)
  if (kind < 4) return bytes
  const copy = Buffer.from(bytes)
  const at = chance.int(copy.length)
  if (kind < 7) {
    // Mostly behind the head, so that the frame is still one.
    const where = chance.int(4) === 0 ? at : Math.min(7 + chance.int(20), copy.length - 2)
    copy[where] = chance.int(256)
    return copy
  }
  return chance.int(2) === 0 ? copy.subarray(0, at) : Buffer.concat([copy, chance.bytes(at)])
}

async function fuzz(seed: number, frames: number): Promise<TestDoor> {
  const chance = new SimChance(seed)
  const door = await TestDoor.open({
    partialBytesMax: 1_000_000,
    connectionsMax: 5,
    unsentBytesMax: 100_000,
  })
  const witness = await door.client(1)
  await witness.declare('q')
  let client: TestClient | null = null
  for (let i = 0; i < frames; i++) {
    if (client === null || client.isClosed) {
      client = await door.client(2)
      await client.declare('q')
      await client.consume('q', { noAck: chance.int(2) === 0 })
    }
    client.send(mutated(anyFrame(chance), chance))
    if (chance.int(6) === 0) {
      await client.settled()
      // Whatever it was told, it reads; sometimes it agrees to what it cannot know of.
      client.takeBytes()
      if (chance.int(8) === 0) client.pipe.close()
    }
  }
  client?.pipe.close()
  await witness.settled()
  witness.takeBytes()
  await witness.declare('still alive')
  assert.equal(door.messaging.sessions.size, 1, 'every other session has ended')
  assert.equal(door.door.connections, 1)
  return door
}

for (const seed of [1, 2])
  test(`fifteen thousand frames that are more or less wrong, seed ${seed}`, async () => {
    const door = await fuzz(seed, 15_000)
    const { faults, published, delivered } = door.door.counters
    assert.ok(
      faults > 50 && published > 50 && delivered > 50,
      `${faults} ${published} ${delivered}`,
    )
    for (const queue of door.messaging.queues.values())
      assert.equal(queue.consumers.length, 0, `${queue.name} has no consumer left`)
    for (const queue of door.messaging.queues.values()) assert.equal(queue.inFlight.size, 0)
  })

test('noise of any kind before the greeting closes the connection', async () => {
  const chance = new SimChance(7)
  const door = await TestDoor.open()
  for (let i = 0; i < 500; i++) {
    const client = door.connect()
    const isGreeting = chance.int(2) === 0
    if (isGreeting) client.send(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
    client.send(chance.bytes(8 + chance.int(200)))
    await client.settled()
    client.pipe.close()
  }
  await door.clock.advance(1)
  assert.equal(door.door.connections, 0)
})
