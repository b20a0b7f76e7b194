// Row 0: clients who send nothing wrong and would still take everything: those who never read,
// never settle, never answer a heartbeat, or open more than anybody needs. Whoever behaves is
// served beside them, and the memory has an end.
import { basic } from '../../../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../../../src/protocol/amqp/methods/connection-methods.ts'
import { queue } from '../../../../../src/protocol/amqp/methods/topology-methods.ts'
import { frameOf, greeting, headerFrame, methodFrame, protocolHeader } from '../../../amqp/steps.ts'
import { emptyTable } from '../../../amqp/tables.ts'
import { closed, pause } from '../../world.ts'
import type { AmqpCase, AmqpWorld } from '../amqp-case.ts'
import type { AmqpClient } from '../amqp-client.ts'

const none = () => 0.5
const transient = Buffer.alloc(2)

export const declared = {
  passive: false,
  durable: true,
  exclusive: false,
  autoDelete: false,
  nowait: false,
  arguments: emptyTable,
}

export const declareQueue = (client: AmqpClient, name: string) =>
  client.call(1, queue.declare, { ...declared, queue: name }, queue.declareOk)

const deleteQueue = (client: AmqpClient, name: string) =>
  client.call(1, queue.delete, { queue: name }, queue.deleteOk)

const consume = (client: AmqpClient, name: string, noAck: boolean) =>
  client.call(1, basic.consume, { queue: name, consumerTag: 'c', noAck }, basic.consumeOk)

/** A publish to a queue, as bytes. */
function message(name: string, bytes: number, list = transient): Buffer {
  const to = { exchange: '', routingKey: name, mandatory: false, immediate: false }
  return Buffer.concat([
    methodFrame(1, basic.publish, to, none),
    headerFrame(1, BigInt(bytes), list),
    frameOf(3, 1, Buffer.alloc(bytes, 'm')),
  ])
}

/** Sends so many, as fast as they are taken. */
async function flood(client: AmqpClient, one: Buffer, count: number): Promise<void> {
  const perPiece = Math.max(1, Math.floor(1_000_000 / one.length))
  for (let left = count; left > 0; left -= perPiece) {
    const piece = Buffer.concat(Array.from({ length: Math.min(left, perPiece) }, () => one))
    if (!client.socket.write(piece))
      await new Promise<void>((resolve) => client.socket.once('drain', resolve))
  }
  // An answer on the same channel comes behind all of it.
  await client.call(1, basic.qos, { prefetchSize: 0, prefetchCount: 0 }, basic.qosOk)
}

async function within(
  { broker, note }: AmqpWorld,
  mbMax: number,
  answer: string,
  use: () => Promise<string | null>,
): Promise<string> {
  const before = broker.memory().residentMb
  const problem = await use()
  const { peakMb } = broker.memory()
  note(`${before.toFixed(0)} MB before, ${peakMb.toFixed(0)} MB at most`)
  if (problem !== null) return problem
  return peakMb - before <= mbMax ? answer : `${(peakMb - before).toFixed(0)} MB more`
}

const neverReads: AmqpCase = {
  row: 0,
  sent: 'four consumers without acknowledgements who read nothing, and 400,000 messages of 1 KB',
  answer: 'all published, at most 400 MB more',
  run: (world) =>
    within(world, 400, neverReads.answer, async () => {
      const count = world.isShort ? 40_000 : 400_000
      const publisher = await (await world.connect()).open()
      await declareQueue(publisher, 'unread')
      for (let i = 0; i < 4; i++) {
        const client = await (await world.connect()).open()
        await consume(client, 'unread', true)
        client.socket.pause()
      }
      await flood(publisher, message('unread', 1_000), count)
      await deleteQueue(publisher, 'unread')
      return null
    }),
}

const neverAcks: AmqpCase = {
  row: 0,
  sent: 'a consumer with prefetch 0 that reads a million messages and acknowledges none, then goes',
  answer: 'all delivered, all there again, at most 400 MB more',
  isLong: true,
  run: (world) =>
    within(world, 400, neverAcks.answer, async () => {
      const count = 1_000_000
      const publisher = await (await world.connect()).open()
      await declareQueue(publisher, 'unsettled')
      const client = await (await world.connect()).open()
      await consume(client, 'unsettled', false)
      client.isCounting = true
      await flood(publisher, message('unsettled', 20), count)
      // A method, a header and a body for each.
      const until = performance.now() + 60_000
      while (client.counted < 3 * count && performance.now() < until) await pause(100)
      if (client.counted !== 3 * count) return `${client.counted / 3} delivered`
      client.close()
      await pause(3_000)
      const answer = await declareQueue(publisher, 'unsettled')
      const ready = answer.payload.readUInt32BE(4 + 1 + 'unsettled'.length)
      await deleteQueue(publisher, 'unsettled')
      return ready === count ? null : `${ready} there again`
    }),
}

const channels: AmqpCase = {
  row: 0,
  sent: '2,047 channels on each of ten connections, then number 2,048',
  answer: 'connection.close 530 NOT_ALLOWED, at most 200 MB more',
  run: async (world) => {
    let last = ''
    return within(world, 200, channels.answer, async () => {
      for (let i = 0; i < (world.isShort ? 2 : 10); i++) {
        const client = await (await world.connect()).open()
        for (let id = 4; id <= 2_047; id++) client.method(id, channel.open, { reserved1: '' })
        for (let id = 4; id <= 2_047; id++) await client.until(channel.openOk)
        client.method(2_048, channel.open, { reserved1: '' })
        last = await client.answer()
      }
      return last === 'connection.close 530 NOT_ALLOWED' ? null : last
    })
  },
}

const consumers: AmqpCase = {
  row: 0,
  sent: '10,000 consumers of one queue on one channel, 5,000 messages, then consumer 10,001',
  answer: 'channel.close 406 PRECONDITION_FAILED, at most 200 MB more',
  run: (world) =>
    within(world, 200, consumers.answer, async () => {
      const client = await (await world.connect()).open()
      await declareQueue(client, 'crowd')
      const wish = { queue: 'crowd', noAck: false, nowait: true }
      client.method(1, basic.qos, { prefetchSize: 0, prefetchCount: 1 })
      for (let i = 0; i < 10_000; i++)
        client.method(1, basic.consume, { ...wish, consumerTag: `c${i}` })
      await client.call(2, basic.qos, { prefetchSize: 0, prefetchCount: 1 }, basic.qosOk)
      const publisher = await (await world.connect()).open()
      await flood(publisher, message('crowd', 20), 15_000)
      for (let i = 0; i < 10_000; i++) await client.until(basic.deliver)
      client.method(1, basic.consume, { ...wish, consumerTag: 'more' })
      for (;;) {
        const got = await client.answer()
        if (got === 'a content header' || got === 'a body' || got.startsWith('basic.')) continue
        await deleteQueue(publisher, 'crowd')
        return got === 'channel.close 406 PRECONDITION_FAILED' ? null : got
      }
    }),
}

const heartbeats: AmqpCase = {
  row: 0,
  sent: 'a client that agrees to a heartbeat of 1 s, and sends none',
  answer: 'closed within 5 s',
  run: async ({ connect }) => {
    const client = await connect()
    const tune = { channelMax: 2047, frameMax: 131_072, heartbeat: 1 }
    const hello = greeting(none)
    hello[2] = methodFrame(0, connection.tuneOk, tune, none)
    client.send(...hello)
    await client.until(channel.openOk)
    return (await client.gone(5_000)) === closed ? heartbeats.answer : 'silent'
  },
}

const halfClosed: AmqpCase = {
  row: 0,
  sent: 'a client that ends its side of the connection in the middle of a frame',
  answer: 'closed',
  run: async ({ connect }) => {
    const client = await (await connect()).open()
    client.socket.end(message('nowhere', 100).subarray(0, 40))
    return client.gone(5_000)
  },
}

const deaf: AmqpCase = {
  row: 0,
  sent: 'a client that asks 500,000 times and reads no answer',
  answer: 'not read any further, at most 100 MB more',
  run: (world) =>
    within(world, 100, deaf.answer, async () => {
      const client = await (await world.connect()).open()
      client.socket.pause()
      const ask = methodFrame(1, basic.get, { queue: 'healthy-kept-not', noAck: true }, none)
      const open = methodFrame(1, channel.open, { reserved1: '' }, none)
      const closeOk = methodFrame(1, channel.closeOk, {}, none)
      const piece = Buffer.concat(Array.from({ length: 5_000 }, () => [ask, closeOk, open]).flat())
      for (let i = 0; i < 100; i++) client.socket.write(piece)
      await pause(2_000)
      return null
    }),
}

const protocolAgain: AmqpCase = {
  row: 0,
  sent: 'the protocol header again on an open connection',
  answer: 'connection.close 501 FRAME_ERROR',
  run: async ({ connect }) => {
    const client = await (await connect()).open()
    client.send(protocolHeader)
    return client.answer()
  },
}

export const greedy: readonly AmqpCase[] = [
  neverReads,
  neverAcks,
  channels,
  consumers,
  heartbeats,
  halfClosed,
  deaf,
  protocolAgain,
]
