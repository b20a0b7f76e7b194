// What becomes of contents that arrive in pieces when they are slow, many or large: who waits for
// whom, and who is not waited for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeTable } from '../../../src/model/message/field-codec.ts'
import { basic } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import {
  bodies,
  bodyFrame,
  headerFrame,
  methodFrame,
  type TestClient,
  TestDoor,
} from './test-door.ts'

const publishOn = (channelId: number, routingKey = 'q'): Buffer =>
  methodFrame(channelId, basic.publish, {
    ticket: 0,
    exchange: '',
    routingKey,
    mandatory: false,
    immediate: false,
  })

const publishMethod = publishOn(1)

/** So many frames of a body, of 100 KB each. */
const bodyFrames = (count: number): Buffer[] =>
  Array.from({ length: count }, () => bodyFrame(1, 'x'.repeat(100_000)))

test('contents that are not whole share a bound, and wait for it', async () => {
  const door = await TestDoor.open({ partialBytesMax: 1000 })
  const first = await door.client(1)
  const second = await door.client(1)
  await first.declare('q')
  const begin = [publishMethod, headerFrame(1, 800), bodyFrame(1, 'x'.repeat(400))]
  first.send(...begin)
  second.send(...begin)
  second.send(bodyFrame(1, 'y'.repeat(400)))
  await second.settled()
  assert.deepEqual(bodies(door, 'q'), [])
  first.send(bodyFrame(1, 'x'.repeat(400)))
  await first.settled()
  await second.settled()
  assert.deepEqual(
    bodies(door, 'q').map((body) => body.length),
    [800, 800],
  )
})

test('who goes on sending large contents is not taken for one that has stopped', async () => {
  const door = await TestDoor.open({ partialSilenceMsMax: 1_000 })
  const client = await door.client(1)
  await client.declare('q')
  const half = bodyFrame(1, 'x'.repeat(400))
  client.send(publishMethod, headerFrame(1, 800), half)
  for (let i = 0; i < 20; i++) {
    await door.clock.advance(500)
    client.send(half, publishMethod, headerFrame(1, 800), half)
  }
  assert.equal(client.isClosed, false)
  assert.equal(bodies(door, 'q').length, 20)
})

test('a frame that stops half-way is not waited for for ever', async () => {
  const door = await TestDoor.open({ partialSilenceMsMax: 1_000 })
  const client = await door.client(1)
  client.send(publishMethod.subarray(0, 12))
  await door.clock.advance(4_000)
  assert.equal(client.isClosed, true)
})

test('a content that stops half-way is not waited for for ever', async () => {
  const door = await TestDoor.open({ partialSilenceMsMax: 1_000 })
  const client = await door.client(1)
  client.send(publishMethod, headerFrame(1, 800), bodyFrame(1, 'x'))
  await door.clock.advance(3_000)
  assert.equal(client.isClosed, true)
  assert.match(door.lines[0] ?? '', /nothing came of a content of 800 bytes for 1000 ms/)
})

test('a content may come as slowly as it likes, as long as nobody waits', async () => {
  const door = await TestDoor.open({ partialSilenceMsMax: 1_000, partialBytesPerSecondMin: 100 })
  const client = await door.client(1)
  await client.declare('q')
  client.send(publishMethod, headerFrame(1, 50))
  for (let i = 0; i < 50; i++) {
    await door.clock.advance(900)
    client.send(bodyFrame(1, 'x'))
  }
  await client.settled()
  assert.deepEqual(
    bodies(door, 'q').map((body) => body.length),
    [50],
  )
})

test('who announces much and sends little holds up nobody', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  const holders = await Promise.all(Array.from({ length: 20 }, () => door.client(1)))
  for (const holder of holders)
    holder.send(publishMethod, headerFrame(1, 4_000_000), bodyFrame(1, 'x'.repeat(5000)))
  const client = await door.client(1)
  await client.declare('q')
  for (let round = 0; round < 2; round++) {
    client.send(publishMethod, headerFrame(1, 3_000_000))
    client.send(...bodyFrames(30))
    await client.settled()
  }
  assert.deepEqual(
    bodies(door, 'q').map((body) => body.length),
    [3_000_000, 3_000_000],
  )
})

/** How long a client that needs much memory for a moment has to wait for it. */
async function secondsToPublish(door: TestDoor, eachSecond: () => void): Promise<number> {
  const client = await door.client(1)
  await client.declare('q')
  client.send(publishMethod, headerFrame(1, 3_000_000))
  client.send(...bodyFrames(30))
  let seconds = 0
  for (; seconds < 60; seconds++) {
    await client.settled()
    if (bodies(door, 'q').length > 0) break
    eachSecond()
    await door.clock.advance(1_000)
  }
  return seconds
}

test('slow contents, many of one connection or one of each of many: seconds to wait', async () => {
  for (const [connections, channels] of [
    [2, 100],
    [200, 1],
  ] as const) {
    const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
    const hogs = await Promise.all(Array.from({ length: connections }, () => door.client(channels)))
    const trickle = (bytes: number): void => {
      for (const hog of hogs)
        for (let id = 1; id <= channels && !hog.isClosed; id++)
          hog.send(bodyFrame(id, 'x'.repeat(bytes)))
    }
    for (const hog of hogs)
      for (let id = 1; id <= channels; id++) hog.send(publishOn(id), headerFrame(id, 4_000_000))
    trickle(10_000)
    const seconds = await secondsToPublish(door, () => trickle(1))
    assert.ok(seconds < 12, `${connections} connections: ${seconds} s`)
  }
})

test('who is fast for what he holds stays, whatever others do', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  const slow = await door.client(1)
  slow.send(publishMethod, headerFrame(1, 200_000))
  const hogs = await Promise.all(Array.from({ length: 2 }, () => door.client(1)))
  const most = bodyFrames(39)
  for (const hog of hogs) hog.send(publishMethod, headerFrame(1, 4_000_000), ...most)
  for (let i = 0; i < 3; i++) slow.send(bodyFrame(1, 's'.repeat(15_000)))
  await secondsToPublish(door, () => {
    slow.send(bodyFrame(1, 's'.repeat(15_000)))
    for (const hog of hogs) if (!hog.isClosed) hog.send(bodyFrame(1, 'x'))
  })
  assert.equal(slow.isClosed, false)
  assert.match(door.lines[0] ?? '', /others wait for the memory/)
})

test('who sends slowly what others wait for the memory of is not waited for', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  const hogs = await Promise.all(Array.from({ length: 2 }, () => door.client(1)))
  const most = bodyFrames(39)
  for (const hog of hogs) hog.send(publishMethod, headerFrame(1, 4_000_000), ...most)
  const trickle = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      for (const hog of hogs) if (!hog.isClosed) hog.send(bodyFrame(1, 'x'))
      await door.clock.advance(1_000)
    }
  }
  await trickle(20)
  assert.equal(
    hogs.some(({ isClosed }) => isClosed),
    false,
    'as long as nobody waits',
  )
  // One of them borrows.
  const third = await door.client(1)
  third.send(publishMethod, headerFrame(1, 4_000_000), ...most)
  hogs.push(third)
  const client = await door.client(1)
  await client.declare('q')
  client.send(publishMethod, headerFrame(1, 3_000_000))
  client.send(...bodyFrames(30))
  await trickle(12)
  assert.match(
    door.lines[0] ?? '',
    /others wait for the memory of contents that come too slowly: 4000014 bytes of it/,
  )
  await client.settled()
  assert.deepEqual(
    bodies(door, 'q').map((body) => body.length),
    [3_000_000],
  )
})

test('large contents that come fast enough leave memory for small ones', async () => {
  const door = await TestDoor.open({ partialBytesMax: 16_000_000, messageBytesMax: 4_000_000 })
  const large = await Promise.all(Array.from({ length: 6 }, () => door.client(1)))
  const most = bodyFrames(30)
  for (const one of large) one.send(publishMethod, headerFrame(1, 4_000_000), ...most)
  const client = await door.client(1)
  await client.declare('q')
  client.send(publishMethod, headerFrame(1, 900_000))
  client.send(...bodyFrames(9))
  await client.settled()
  assert.deepEqual(
    bodies(door, 'q').map((body) => body.length),
    [900_000],
  )
  assert.equal(
    large.some((one) => one.isClosed),
    false,
  )
})

test('many contents that stand still are not made good by others of their connection', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  const hog = await door.client(52)
  for (let id = 2; id <= 51; id++)
    hog.send(publishOn(id), headerFrame(id, 900_000), bodyFrame(id, 'x'.repeat(40_000)))
  hog.send(publishOn(52), headerFrame(52, 4_000_000))
  for (let i = 0; i < 21; i++) hog.send(bodyFrame(52, 'x'.repeat(100_000)))
  const whole = [publishOn(1, 'x'), headerFrame(1, 200_000)]
  const seconds = await secondsToPublish(door, () => {
    for (let i = 0; i < 2 && !hog.isClosed; i++) hog.send(...whole, ...bodyFrames(2))
    for (let id = 2; id <= 52 && !hog.isClosed; id++) hog.send(bodyFrame(id, 'x'))
  })
  assert.ok(seconds < 10, `${seconds} s`)
  assert.match(door.lines[0] ?? '', /others wait for the memory/)
})

test('connections that wait for each other do not do so for ever', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  for (let i = 0; i < 3; i++) {
    const client = await door.client(20)
    for (let id = 1; id <= 20; id++)
      client.send(publishOn(id), headerFrame(id, 900_000), bodyFrame(id, 'x'.repeat(100_000)))
    for (let round = 0; round < 7; round++)
      for (let id = 1; id <= 20; id++) client.send(bodyFrame(id, 'x'.repeat(100_000)))
  }
  const seconds = await secondsToPublish(door, () => undefined)
  assert.ok(seconds < 20, `${seconds} s`)
})

test('one connection may have many contents at once, up to what there is', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  const interleaved = (client: TestClient, channels: number): void => {
    for (let id = 1; id <= channels; id++) client.send(publishOn(id), headerFrame(id, 200_000))
    for (let part = 0; part < 2; part++)
      for (let id = 1; id <= channels && !client.isClosed; id++)
        client.send(bodyFrame(id, 'x'.repeat(100_000)))
  }
  const within = await door.client(28)
  await within.declare('q')
  interleaved(within, 28)
  await within.settled()
  assert.equal(bodies(door, 'q').length, 28)
  const beyond = await door.client(60)
  interleaved(beyond, 60)
  assert.match(
    await beyond.closed(0),
    /^506 RESOURCE_ERROR - no memory for more contents .* this connection has \d+ bytes/,
  )
})

test('headers of contents that are not whole count as well', async () => {
  const door = await TestDoor.open({ partialBytesMax: 8_000_000, messageBytesMax: 4_000_000 })
  const client = await door.client(100)
  const headers = encodeTable(new Map([['k', { type: 'S', value: Buffer.alloc(100_000) }]]))
  const properties = Buffer.concat([Buffer.of(0x20, 0), headers])
  for (let id = 1; id <= 100 && !client.isClosed; id++)
    client.send(publishOn(id), headerFrame(id, 10, properties))
  assert.match(await client.closed(0), /^506 RESOURCE_ERROR/)
})

test('who holds memory and does not read its answers is not waited for', async () => {
  const limits = { partialBytesMax: 8_000_000, messageBytesMax: 4_000_000, unsentBytesMax: 1_000 }
  const door = await TestDoor.open(limits)
  const askedOn = (id: number): Buffer =>
    methodFrame(id, basic.qos, { prefetchSize: 0, prefetchCount: 1, global: false })
  const hogs = await Promise.all(Array.from({ length: 3 }, () => door.client(19)))
  for (const [index, hog] of hogs.entries()) {
    for (let id = 1; id <= 18 && index < 2; id++)
      hog.send(publishOn(id), headerFrame(id, 900_000), bodyFrame(id, 'x'.repeat(60_000)))
    if (index === 2) hog.send(publishMethod, headerFrame(1, 4_000_000), ...bodyFrames(21))
    hog.pipe.isStuck = true
    for (let i = 0; i < 1_000; i++) {
      hog.send(askedOn(19))
      if (i % 20 === 0) await hog.settled()
    }
  }
  // Others go on, so that what small contents need turns over.
  const busy = await door.client(1)
  const seconds = await secondsToPublish(door, () => {
    for (let i = 0; i < 6; i++)
      busy.send(publishOn(1, 'x'), headerFrame(1, 200_000), ...bodyFrames(2))
  })
  assert.ok(seconds < 12, `${seconds} s`)
  assert.equal(busy.isClosed, false)
})
