// The parts that have no connection: methods by their descriptions, deliveries written by hand,
// confirms and the ring of deliveries against plain models.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { type ErrorName, errors } from '../../../src/model/errors.ts'
import { MessageView } from '../../../src/model/message/message.ts'
import { propertiesFault } from '../../../src/model/message/properties.ts'
import { Confirms } from '../../../src/protocol/amqp/channel/confirms.ts'
import { type Owner, Unacked } from '../../../src/protocol/amqp/channel/unacked.ts'
import { DeliveryWriter } from '../../../src/protocol/amqp/frames/delivery-writer.ts'
import { writeConfirm, writeContent } from '../../../src/protocol/amqp/frames/frame-writer.ts'
import { OutBuffer, Slabs } from '../../../src/protocol/amqp/frames/out-buffer.ts'
import { basic } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import { connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import {
  decodeArguments,
  encodeMethod,
  encodeShortstr,
} from '../../../src/protocol/amqp/methods/method-codec.ts'
import { replies, replyOf } from '../../../src/protocol/amqp/methods/reply-codes.ts'
import { queue } from '../../../src/protocol/amqp/methods/topology-methods.ts'
import { methodFrame } from './test-door.ts'

const written = (out: OutBuffer): Buffer => Buffer.concat(out.take().chunks)

test('golden bytes: methods as clients of the specification send them', () => {
  const declare = {
    ticket: 0,
    queue: 'q',
    passive: false,
    durable: true,
    exclusive: false,
    autoDelete: true,
    nowait: false,
    arguments: new Map([['x-max-priority', { type: 'B', value: 5 } as const]]),
  }
  const bytes = encodeMethod(queue.declare, declare)
  const hex = '0032000a000001710a000000110e782d6d61782d7072696f726974794205'
  assert.equal(bytes.toString('hex'), hex)
  assert.deepEqual(decodeArguments(queue.declare, bytes, 4, bytes.length), declare)
  const nack = encodeMethod(basic.nack, { deliveryTag: 258, multiple: true, requeue: true })
  assert.equal(nack.toString('hex'), '003c0078000000000000010203')
  const close = { replyCode: 404, replyText: 'NOT', classId: 50, methodId: 10 }
  assert.equal(
    encodeMethod(connection.close, close).toString('hex'),
    '000a00320194034e4f540032000a',
  )
})

test('arguments that are cut anywhere are refused, never misread', () => {
  const bytes = methodFrame(1, basic.consume, {
    ticket: 0,
    queue: 'some queue',
    consumerTag: 'tag',
    noLocal: false,
    noAck: true,
    exclusive: false,
    nowait: false,
    arguments: new Map([['a', { type: 'S', value: new Uint8Array(3) }]]),
  })
  const to = bytes.length - 1
  decodeArguments(basic.consume, bytes, 11, to)
  for (let end = 11; end < to; end++)
    assert.throws(() => decodeArguments(basic.consume, bytes, 11, end), { name: 'WireError' })
})

test('a text that is too long is cut between characters', () => {
  assert.equal(encodeShortstr('ä'.repeat(200)).length, 1 + 254)
  assert.equal(encodeShortstr('a'.repeat(300))[0], 255)
})

test('a delivery is what its description says, whatever its size', () => {
  for (const size of [0, 1, 16, 79, 80, 81, 1000, 4088, 4089, 20_000]) {
    const properties = Buffer.from([0x90, 0, 1, 65, 2])
    const body = Buffer.alloc(size, 'abc')
    const message = new MessageView().set('exchange', 'key', properties, body)
    const byHand = new OutBuffer(new Slabs())
    const writer = new DeliveryWriter(byHand, 3, 'tag', 4096)
    writer.write(1, false, message)
    writer.write(2 ** 33 + 5, true, message)
    const byBook = new OutBuffer(new Slabs())
    for (const [deliveryTag, redelivered] of [
      [1, false],
      [2 ** 33 + 5, true],
    ] as const) {
      const names = { exchange: 'exchange', routingKey: 'key' }
      const values = { consumerTag: 'tag', deliveryTag, redelivered, ...names }
      writeContent(byBook, 3, basic.deliver, values, message, 4096)
    }
    assert.ok(written(byHand).equals(written(byBook)), `${size} octets`)
  }
})

test('a confirm is what its description says', () => {
  const out = new OutBuffer(new Slabs())
  writeConfirm(out, 7, true, 2 ** 32 + 1, true)
  const values = { deliveryTag: 2 ** 32 + 1, multiple: true }
  assert.deepEqual(written(out), methodFrame(7, basic.ack, values))
})

test('the outgoing buffer keeps order and counts over slabs of any filling', () => {
  const chance = new SimChance(5)
  const out = new OutBuffer(new Slabs())
  const expected: Buffer[] = []
  let sent = Buffer.alloc(0)
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.alloc(
      chance.int(10) === 0 ? 1 + chance.int(300_000) : 1 + chance.int(500),
      i,
    )
    out.append(bytes)
    expected.push(bytes)
    if (chance.int(5) > 0) continue
    const outgoing = out.take()
    sent = Buffer.concat([sent, ...outgoing.chunks])
    out.taken(outgoing)
    assert.equal(out.bytes, 0)
  }
  sent = Buffer.concat([sent, ...out.take().chunks])
  assert.ok(sent.equals(Buffer.concat(expected)))
})

test('property lists that are not well-formed are seen', () => {
  const problemOf = (hex: string) => propertiesFault(Buffer.from(hex, 'hex'))
  for (const good of ['0000', '100002', '80000141', '20000000000401617401'])
    assert.equal(problemOf(good), null, good)
  for (const bad of ['', '00', '0001', '1000', '10000202', '80000541', '20000000000401', '4000'])
    assert.notEqual(problemOf(bad), null, bad)
})

test('confirms: each number is answered once, durable before it is acknowledged', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const chance = new SimChance(seed)
    const answers = new Map<number, boolean>()
    const fates: { stored: boolean; refused: boolean }[] = []
    let durableUpTo = 0
    let acknowledged = 0
    const confirms = new Confirms({
      acknowledged(count) {
        acknowledged += count
      },
      confirm(isAck, tag, multiple) {
        for (let number = multiple ? 1 : tag; number <= tag; number++) {
          // As clients do: what is answered already is passed over.
          if (multiple && answers.has(number)) continue
          assert.equal(answers.has(number), false, `seed ${seed}: ${number} twice`)
          answers.set(number, isAck)
          const fate = fates[number - 1]
          assert.equal(fate?.refused, !isAck, `seed ${seed}: ${number}`)
          if (isAck && fate?.stored) assert.ok(number <= durableUpTo, `seed ${seed}: ${number}`)
        }
      },
    })
    const waiting: number[] = []
    for (let turn = 0; turn < 30; turn++) {
      for (let i = chance.int(4); i > 0; i--) {
        const refused = chance.int(4) === 0
        const stored = !refused && chance.int(2) === 0
        fates.push({ stored, refused })
        confirms.published(stored, refused)
      }
      const number = confirms.endTurn()
      if (number > 0) waiting.push(number)
      while (waiting.length > 0 && chance.int(3) === 0) {
        durableUpTo = waiting.shift() as number
        confirms.becameDurable(durableUpTo)
      }
    }
    for (const number of waiting) {
      durableUpTo = number
      confirms.becameDurable(number)
    }
    assert.equal(answers.size, fates.length, `seed ${seed}: all are answered`)
    assert.equal(acknowledged, fates.filter(({ refused }) => !refused).length)
  }
})

test('the ring of deliveries holds what a map would', () => {
  const owner: Owner = {
    queue: { name: 'q', isDurable: false, accept: () => undefined, reject: () => undefined },
    isGone: false,
    settled: () => undefined,
  }
  for (let seed = 1; seed <= 50; seed++) {
    const chance = new SimChance(seed)
    const ring = new Unacked({ unacked: 0 })
    const model = new Map<number, number>()
    for (let i = 0; i < 400; i++) {
      const what = chance.int(6)
      if (what < 2) model.set(ring.add(owner, i), i)
      else if (what === 2) ring.pass()
      else {
        const tag = 1 + chance.int(ring.next + 1)
        assert.equal(ring.ownerOf(tag) !== null, model.has(tag), `seed ${seed}: tag ${tag}`)
        if (model.has(tag)) {
          assert.equal(ring.idOf(tag), model.get(tag))
          ring.remove(tag)
          model.delete(tag)
        }
      }
      assert.equal(ring.count, model.size)
      const oldest = Math.min(...model.keys(), ring.next)
      assert.equal(ring.first, oldest, `seed ${seed}`)
    }
  }
})

test('every error of the core has a reply, and the soft ones are those of RabbitMQ', () => {
  for (const error of Object.keys(errors) as ErrorName[]) assert.ok(replyOf(error).code >= 311)
  const soft = Object.values(replies).filter(({ isHard }) => !isHard)
  assert.deepEqual(
    soft.map(({ code }) => code),
    [200, 311, 312, 313, 403, 404, 405, 406],
  )
  const codes = (
    ['queueNotFound', 'resourceLocked', 'accessRefused', 'vhostNotFound'] as const
  ).map((name) => replyOf(name).code)
  assert.deepEqual(codes, [404, 405, 403, 530])
})
