// What readers of other protocols see of a message beside its body: the key of its record, and
// headers, encoded as they stand behind the header `amqp`. Nothing for the plain message, which is
// most of them.
//
//   header   name length varint, name | value length varint, -1 null, value
import { varint } from '../records.ts'
import { integerOf } from './field.ts'
import type { MessageView } from './message.ts'
import { isSilent, keyHeader, readableHeaders } from './readable-headers.ts'
import { shownHeaders } from './shown-headers.ts'

export interface Shown {
  /** A view of the message, or its own. */
  readonly key: Uint8Array | null
  readonly headerCount: number
  readonly headers: Uint8Array
}

const none = new Uint8Array(0)

export const nothingShown: Shown = { key: null, headerCount: 0, headers: none }

export const shownBytes = ({ key, headers }: Shown): number => (key?.length ?? 0) + headers.length

export function shownOf(message: MessageView): Shown {
  if (isSilent(message.properties)) return nothingShown
  const direct = shownHeaders(message.properties)
  if (direct === null) return shownByTable(message)
  if (direct.count === 0) return nothingShown
  return { key: null, headerCount: direct.count, headers: direct.bytes }
}

/** The same of any message. */
export function shownByTable(message: MessageView): Shown {
  const readable = readableHeaders(message)
  if (readable.length === 0) return nothingShown
  const headers = readable.filter(({ name }) => name !== keyHeader)
  const key = headers.length === readable.length ? null : keyOf(message)
  const parts = headers.flatMap(({ name, value }) => [
    ...counted(Buffer.from(name)),
    ...counted(value),
  ])
  return { key, headerCount: headers.length, headers: Buffer.concat(parts) }
}

function keyOf(message: MessageView): Uint8Array | null {
  const value = message.headers.get(keyHeader)
  if (value?.type === 'S' || value?.type === 'x') return value.value
  const number = integerOf(value)
  return number === null ? null : Buffer.from(String(number))
}

const counted = (bytes: Uint8Array | null): Uint8Array[] =>
  bytes === null ? [varint(-1)] : [varint(bytes.length), bytes]
