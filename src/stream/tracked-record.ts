// A tracked offset as a record of the internal topic, which is compacted: the last record of a key
// counts. To change the layout, use another version.
//
//   key     version uint8, 0 | partition uint32 | topic id, 32 hex digits | name, UTF-8
//   value   version uint8, 0 | offset float64; null: forgotten
import type { NewRecord } from '../log/appender.ts'

/** What the internal topic of tracked offsets is called. */
export const trackedOffsetsTopic = '__stream_offsets'

export interface TrackedKey {
  /** Its id. */
  readonly topic: string
  readonly partition: number
  /** Of the consumer. */
  readonly name: string
}

const idBytes = 32
const nameFrom = 1 + 4 + idBytes
const valueBytes = 1 + 8

export function trackedRecord(key: TrackedKey, offset: number | null): NewRecord {
  const name = Buffer.from(key.name)
  const keyBytes = Buffer.alloc(nameFrom + name.length)
  keyBytes.writeUInt32BE(key.partition, 1)
  keyBytes.write(key.topic, 5, idBytes, 'latin1')
  name.copy(keyBytes, nameFrom)
  if (offset === null) return { key: keyBytes, value: null }
  const value = Buffer.alloc(valueBytes)
  value.writeDoubleBE(offset, 1)
  return { key: keyBytes, value }
}

export interface ReadTracked {
  readonly key: TrackedKey
  readonly offset: number | null
}

/** Null: it is not of this layout. */
export function readTracked(key: Uint8Array, value: Uint8Array | null): ReadTracked | null {
  if (key.length < nameFrom || key[0] !== 0) return null
  const bytes = Buffer.from(key)
  const read = {
    topic: bytes.toString('latin1', 5, nameFrom),
    partition: bytes.readUInt32BE(1),
    name: bytes.toString('utf8', nameFrom),
  }
  if (value === null) return { key: read, offset: null }
  if (value.length !== valueBytes || value[0] !== 0) return null
  return { key: read, offset: Buffer.from(value).readDoubleBE(1) }
}
