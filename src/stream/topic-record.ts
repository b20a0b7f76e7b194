// A message as a record of a topic: its key is the header `x-kafka-key`, if it has one, its value
// is the body; its first header keeps address and properties in the bytes that they came in, and
// the others show readers of other protocols what they say. record-message.ts is the way back.
//
//   header `amqp`   exchange shortstr | routing key shortstr | properties
import { integerOf } from '../model/message/field.ts'
import type { MessageView } from '../model/message/message.ts'
import { keyHeader, type RecordHeader, readableHeaders } from '../model/message/readable-headers.ts'
import { varint } from '../model/records.ts'

const ownName = Buffer.from('amqp')
const keyHeaderBytes = Buffer.from(keyHeader)

/** A record without the two fields that only its batch knows. */
export interface TopicRecord {
  readonly key: Uint8Array | null
  /** Everything behind the offset delta: views of the message among them. */
  readonly fields: readonly Uint8Array[]
  readonly fieldBytes: number
}

/** Views: to be written in this turn. */
export function recordOf(message: MessageView): TopicRecord {
  const key = keyOf(message)
  const headers = readableHeaders(message).filter(({ name }) => name !== keyHeader)
  const own = ownHeader(message)
  const fields = [
    ...counted(key),
    ...counted(message.body),
    varint(1 + headers.length),
    varint(ownName.length),
    ownName,
    varint(own.length + message.properties.length),
    own,
    message.properties,
    ...headers.flatMap(headerFields),
  ]
  return { key, fields, fieldBytes: fields.reduce((sum, each) => sum + each.length, 0) }
}

/** Most messages have no such header, and then nothing is decoded. */
function keyOf(message: MessageView): Uint8Array | null {
  const { buffer, byteOffset, length } = message.properties
  if (!Buffer.from(buffer, byteOffset, length).includes(keyHeaderBytes)) return null
  const value = message.headers.get(keyHeader)
  if (value?.type === 'S' || value?.type === 'x') return value.value
  const number = integerOf(value)
  return number === null ? null : Buffer.from(String(number))
}

/** Names are short strings. */
function ownHeader({ exchange, routingKey }: MessageView): Uint8Array {
  const names = [Buffer.from(exchange), Buffer.from(routingKey)]
  return Buffer.concat(names.flatMap((name) => [Uint8Array.of(name.length), name]))
}

const counted = (bytes: Uint8Array | null): Uint8Array[] =>
  bytes === null ? [varint(-1)] : [varint(bytes.length), bytes]

const headerFields = ({ name, value }: RecordHeader): Uint8Array[] => [
  ...counted(Buffer.from(name)),
  ...counted(value),
]

const attributes = Uint8Array.of(0)

/** The most bytes that `putRecord` takes: lengths and deltas are varints. */
export const recordBytesMax = (record: TopicRecord): number => record.fieldBytes + 5 + 1 + 10 + 5

/** Writes the record where there is room for it; returns its end. */
export function putRecord(
  into: Uint8Array,
  from: number,
  record: TopicRecord,
  timestampDelta: number,
  offsetDelta: number,
): number {
  const time = varint(timestampDelta)
  const offset = varint(offsetDelta)
  const length = attributes.length + time.length + offset.length + record.fieldBytes
  let at = from
  for (const field of [varint(length), attributes, time, offset]) {
    into.set(field, at)
    at += field.length
  }
  for (const field of record.fields) {
    into.set(field, at)
    at += field.length
  }
  return at
}
