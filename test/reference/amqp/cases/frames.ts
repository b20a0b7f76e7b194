// Frames that are not as they should be, and methods where they do not belong.
import type { Case, Cases } from '../case.ts'
import { type Connection, frameBytes, frameType, protocolHeader } from '../client/connection.ts'
import { headerBytes, methodBytes, propertyBytes } from '../client/methods.ts'

/** What a logged-in connection with channel 1 answers to what `send` does to it. */
async function broken(
  t: Case,
  question: string,
  send: (connection: Connection) => void,
): Promise<void> {
  const { connection } = await t.channel()
  send(connection)
  const items = [await connection.next()]
  if (items[0]?.is !== 'end') items.push(...(await connection.rest()))
  t.answer(question, items)
}

const publish = methodBytes('basic.publish', { exchange: '', routingKey: 'nowhere' })
const noProperties = propertyBytes({})

export const frames: Cases = {
  async end(t) {
    const payload = methodBytes('basic.qos')
    await broken(t, 'zero', (c) => c.frame(frameType.method, 1, payload, 0))
    await broken(t, 'other', (c) => c.frame(frameType.method, 1, payload, 0xcd))
    await broken(t, 'heartbeat', (c) => c.frame(frameType.heartbeat, 0, Buffer.alloc(0), 1))
  },

  async size(t) {
    const claimed = (size: number) => {
      const head = Buffer.of(1, 0, 1, 0, 0, 0, 0)
      head.writeUInt32BE(size, 3)
      return head
    }
    await broken(t, 'claims4GB', (c) => c.write(claimed(0xffff_ffff)))
    await broken(t, 'aboveFrameMax', (c) => c.write(claimed(200_000)))
    await broken(t, 'empty', (c) => c.frame(frameType.method, 1, Buffer.alloc(0)))
    await broken(t, 'threeBytes', (c) => c.frame(frameType.method, 1, Buffer.alloc(3)))
    const early = await t.raw()
    early.write(protocolHeader)
    await early.next()
    early.write(claimed(1_000_000))
    t.answer('beforeTune', await early.rest())
  },

  async type(t) {
    await broken(t, '0', (c) => c.frame(0, 1, Buffer.alloc(0)))
    await broken(t, '4', (c) => c.frame(4, 1, Buffer.alloc(4)))
    await broken(t, '9', (c) => c.frame(9, 1, Buffer.alloc(4)))
    await broken(t, '255.onChannel0', (c) => c.frame(255, 0, Buffer.alloc(4)))
  },

  async unknownMethod(t) {
    const ids = (classId: number, methodId: number) => Buffer.of(0, classId, 0, methodId)
    await broken(t, 'class', (c) => c.frame(frameType.method, 1, ids(99, 10)))
    await broken(t, 'method', (c) => c.frame(frameType.method, 1, ids(60, 99)))
    await broken(t, 'onChannel0', (c) => c.frame(frameType.method, 0, ids(10, 99)))
  },

  async arguments(t) {
    const cut = (name: string, by: number) => methodBytes(name).subarray(0, -by)
    await broken(t, 'cut', (c) => c.frame(frameType.method, 1, cut('queue.declare', 1)))
    await broken(t, 'cut.more', (c) => c.frame(frameType.method, 1, cut('queue.declare', 5)))
    const longer = Buffer.concat([methodBytes('basic.qos'), Buffer.from('more')])
    await broken(t, 'longer', (c) => c.frame(frameType.method, 1, longer))
    const lying = Buffer.of(0, 0, 0, 50, 1, 97)
    await broken(t, 'table.tooLong', (c) =>
      c.method(1, 'queue.declare', { queue: t.name('a'), arguments: lying }),
    )
    const wrongType = Buffer.of(0, 0, 0, 4, 1, 97, 0x5a, 0)
    await broken(t, 'table.unknownType', (c) =>
      c.method(1, 'queue.declare', { queue: t.name('b'), arguments: wrongType }),
    )
    const notUtf8 = Buffer.of(0xff, 0xfe, 0xfd)
    const { connection } = await t.channel()
    t.answer(
      'name.notUtf8',
      await connection.call(1, 'queue.declare', { queue: notUtf8, exclusive: true }),
    )
  },

  async wrongChannel(t) {
    await broken(t, 'methodOnClosed', (c) => c.method(2, 'basic.qos'))
    await broken(t, 'channelMethodOn0', (c) => c.method(0, 'basic.qos'))
    await broken(t, 'openOn0', (c) => c.method(0, 'channel.open'))
    await broken(t, 'connectionMethodOn1', (c) => c.method(1, 'connection.close'))
    await broken(t, 'openTwice', (c) => c.method(1, 'channel.open'))
    await broken(t, 'headerOnClosed', (c) =>
      c.frame(frameType.header, 2, headerBytes(0, noProperties)),
    )
    await broken(t, 'bodyOnClosed', (c) => c.frame(frameType.body, 2, Buffer.from('x')))
    await broken(t, 'bodyOn0', (c) => c.frame(frameType.body, 0, Buffer.from('x')))
    await broken(t, 'closeOkOnClosed', (c) => c.method(2, 'channel.close-ok'))
    const { connection } = await t.channel()
    t.answer('aboveChannelMax', await connection.call(3000, 'channel.open'))
  },

  async content(t) {
    const header = (size: number, classId = 60) => headerBytes(size, noProperties, classId)
    const method = (c: Connection) => c.frame(frameType.method, 1, publish)
    await broken(t, 'headerFirst', (c) => c.frame(frameType.header, 1, header(0)))
    await broken(t, 'bodyFirst', (c) => c.frame(frameType.body, 1, Buffer.from('x')))
    await broken(t, 'bodyForHeader', (c) => {
      method(c)
      c.frame(frameType.body, 1, Buffer.from('x'))
    })
    await broken(t, 'methodForHeader', (c) => {
      method(c)
      c.method(1, 'basic.qos')
    })
    await broken(t, 'methodForBody', (c) => {
      method(c)
      c.frame(frameType.header, 1, header(5))
      c.method(1, 'basic.qos')
    })
    await broken(t, 'headerForBody', (c) => {
      method(c)
      c.frame(frameType.header, 1, header(5))
      c.frame(frameType.header, 1, header(5))
    })
    await broken(t, 'otherClass', (c) => {
      method(c)
      c.frame(frameType.header, 1, header(0, 50))
    })
    await broken(t, 'unknownClass', (c) => {
      method(c)
      c.frame(frameType.header, 1, header(0, 99))
    })
    await broken(t, 'headerCut', (c) => {
      method(c)
      c.frame(frameType.header, 1, header(0).subarray(0, 8))
    })
  },

  async 'content.tooMuchBody'(t) {
    const { connection } = await t.channel()
    connection.frame(frameType.method, 1, publish)
    connection.frame(frameType.header, 1, headerBytes(2, noProperties))
    connection.frame(frameType.body, 1, Buffer.from('abc'))
    t.answer('otherChannel', await connection.call(2, 'channel.open'))
  },

  async 'content.odd'(t) {
    const channel = await t.confirming()
    const queue = await channel.queue('', { exclusive: true })
    const method = methodBytes('basic.publish', { exchange: '', routingKey: queue })
    const { connection } = channel
    const part = (type: number, payload: Buffer) => connection.frame(type, 1, payload)
    part(frameType.method, method)
    part(frameType.header, headerBytes(3, noProperties))
    part(frameType.body, Buffer.alloc(0))
    part(frameType.body, Buffer.from('a'))
    part(frameType.body, Buffer.alloc(0))
    part(frameType.body, Buffer.from('bc'))
    t.answer('emptyBodyFrames', await channel.next())
    part(frameType.method, method)
    connection.frame(frameType.heartbeat, 0, Buffer.alloc(0))
    part(frameType.header, headerBytes(1, noProperties))
    const other = await connection.open(2)
    part(frameType.body, Buffer.from('d'))
    t.answer('interleaved', await channel.next())
    t.answer('otherChannel', await other.call('basic.qos'))
    t.answer('bodies', [
      await channel.call('basic.get', { queue, noAck: true }),
      await channel.call('basic.get', { queue, noAck: true }),
    ])
  },

  async 'content.ignoredProperties'(t) {
    const channel = await t.confirming()
    const bits = Buffer.of(0x00, 0x03)
    channel.connection.frame(frameType.method, 1, publish)
    channel.connection.frame(frameType.header, 1, headerBytes(0, bits))
    t.answer('lowFlags', await channel.next())
    const broken = await t.confirming()
    broken.connection.frame(frameType.method, 1, publish)
    broken.connection.frame(frameType.header, 1, headerBytes(0, Buffer.of(0x80, 0x00)))
    t.answer('flagWithoutValue', await broken.next())
  },

  async pieces(t) {
    const channel = await t.channel()
    const bytes = Buffer.concat([
      frameBytes(frameType.method, 1, methodBytes('basic.qos')),
      frameBytes(frameType.method, 1, methodBytes('channel.flow', { active: true })),
    ])
    for (const byte of bytes) channel.connection.write(Buffer.of(byte))
    t.answer('byteByByte', await channel.take(2))
  },

  async fromServer(t) {
    for (const name of ['basic.deliver', 'basic.get-ok', 'basic.return'])
      await broken(t, name, (c) => {
        c.method(1, name)
        c.frame(frameType.header, 1, headerBytes(0, noProperties))
      })
    const names = [
      'basic.consume-ok',
      'queue.declare-ok',
      'channel.open-ok',
      'basic.cancel-ok',
      'confirm.select-ok',
    ]
    for (const name of names) await broken(t, name, (c) => c.method(1, name))
    const channel = await t.channel()
    channel.send('channel.flow-ok', { active: true })
    t.answer('channel.flow-ok', await channel.call('basic.qos'))
  },
}
