// Rows 1, 4, 5, 7 and 8: bytes that are no requests, and requests that do not hold together.
import { apiVersions } from '../../../../src/protocol/kafka/schema/api-versions.ts'
import { metadata } from '../../../../src/protocol/kafka/schema/metadata.ts'
import { flexibleRequest, int16, int32, request, sized, uvarint } from '../bytes.ts'
import { type Case, closesOn } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import { closed } from '../world.ts'

const metadataKey = metadata.key
const intMax = 0x7fffffff
const mebi = 1 << 20
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

const strangers: readonly Case[] = [
  closesOn(1, 'random bytes', (random) =>
    Buffer.from(Array.from({ length: 256 }, (_, i) => (i === 0 ? 0x20 : random() * 256))),
  ),
  closesOn(1, 'a TLS ClientHello', () => hex('16030100c8010000c40303')),
  closesOn(1, 'an HTTP GET', () => Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\n\r\n')),
  closesOn(1, 'an AMQP header', () => hex('414d515000000901')),
  closesOn(1, 'an MQTT CONNECT', () => hex('100c00044d5154540402003c0000')),
  closesOn(1, 'a Redis PING', () => Buffer.from('*1\r\n$4\r\nPING\r\n')),
  closesOn(1, 'a good size and 16 random bytes', (random) =>
    sized(hex('7f00'), Buffer.from(Array.from({ length: 14 }, () => random() * 256))),
  ),
]

/** `size` announced by a client that has said hello. */
const sizeAfterHello = (size: number, said: string): Case => ({
  row: 4,
  sent: `size ${said} after a good request`,
  answer: closed,
  run: async ({ connect }) => {
    const client = await (await connect()).greet()
    client.send(int32(size))
    return client.ending()
  },
})

const sizes: readonly Case[] = [
  ...[-1, -0x80000000, 0, 3, 7, 100 * 1024 * 1024 + 1, intMax].map((size) =>
    closesOn(4, `size ${size} as the first bytes`, () => int32(size)),
  ),
  sizeAfterHello(-1, '-1'),
  sizeAfterHello(0, '0'),
  sizeAfterHello(100 * mebi + 1, 'one more than socket.request.max.bytes'),
  sizeAfterHello(intMax, String(intMax)),
]

const versions: readonly Case[] = [
  closesOn(5, 'API key 999', () => request(999, 0)),
  closesOn(5, 'API key -1', () => request(-1, 0)),
  closesOn(5, 'API key 27, which only brokers send each other', () => request(27, 0)),
  closesOn(5, 'Metadata version 99', () => request(metadataKey, 99)),
  closesOn(5, 'Metadata version -1', () => request(metadataKey, -1)),
  {
    row: 5,
    sent: 'ApiVersions version 99',
    answer: nameOf(35),
    run: async ({ connect }) => {
      const client = await connect()
      client.send(request(apiVersions.key, 99))
      return nameOf((await client.answer(apiVersions, 0)).errorCode)
    },
  },
]

const counts: readonly Case[] = [
  closesOn(7, 'an array of 2^31-1 in 10 bytes', () =>
    request(metadataKey, 1, int32(intMax), Buffer.alloc(6)),
  ),
  closesOn(7, 'an array of -2^31', () => request(metadataKey, 1, int32(-0x80000000))),
  closesOn(7, 'a compact array of 2^32-2', () =>
    flexibleRequest(metadataKey, 9, uvarint(2 ** 32 - 1), Buffer.alloc(10)),
  ),
  closesOn(7, 'an array inside an array of 2^31-1', () =>
    // Produce: one topic whose partitions do not come.
    request(
      0,
      3,
      int16(-1),
      int16(1),
      int32(1),
      int32(1),
      int16(1),
      Buffer.of(0x74),
      int32(intMax),
    ),
  ),
  {
    row: 7,
    sent: 'an array of 1,100,000 empty names, all there',
    answer: closed,
    run: async ({ connect }) => {
      const client = await (await connect()).greet()
      const count = 1_100_000
      client.send(request(metadataKey, 1, int32(count), Buffer.alloc(2 * count)))
      return client.ending()
    },
  },
]

const lengths: readonly Case[] = [
  closesOn(8, 'a varint that does not end', () =>
    flexibleRequest(metadataKey, 9, Buffer.alloc(40, 0xff)),
  ),
  closesOn(8, 'a varint of 6 bytes', () =>
    flexibleRequest(metadataKey, 9, hex('808080808001'), Buffer.alloc(10)),
  ),
  closesOn(8, 'a string of length -2', () => request(metadataKey, 1, int32(1), int16(-2))),
  closesOn(8, 'null where a string is required', () =>
    request(metadataKey, 1, int32(1), int16(-1)),
  ),
  closesOn(8, 'a string longer than the request', () =>
    request(metadataKey, 1, int32(1), int16(0x7fff), Buffer.alloc(20)),
  ),
  closesOn(8, 'a client id longer than the request', () =>
    sized(int16(metadataKey), int16(1), int32(1), int16(0x7000), Buffer.alloc(10)),
  ),
  closesOn(8, '2^32-1 tagged fields', () =>
    request(metadataKey, 9, uvarint(2 ** 32 - 1), Buffer.alloc(20)),
  ),
  closesOn(8, 'a tagged field beyond the end', () =>
    request(metadataKey, 9, hex('01 63 ffffff7f'), Buffer.alloc(10)),
  ),
]

export const framing: readonly Case[] = [...strangers, ...sizes, ...versions, ...counts, ...lengths]
