// What is behind a batch's header once it is uncompressed: records, each a length and fields in zigzag
// varints. Kafka protocol guide, "Record". Walked without making objects where only the shape matters.
//
//   length varint | attributes int8 | timestamp delta varlong | offset delta varint |
//   key length varint, -1 null, key | value length, value | header count varint, headers

/** Sum of what a walk needs: place behind the last varint, and its value. */
class Cursor {
  at = 0
  bytes: Uint8Array = new Uint8Array(0)

  /** A zigzag varint of up to 64 bits as a number; NaN when it runs past the end or never ends. */
  varint(): number {
    const first = this.bytes[this.at]
    if (first === undefined) return Number.NaN
    if (first < 0x80) {
      this.at++
      return (first >>> 1) ^ -(first & 1)
    }
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) return Number.NaN
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 0x80
    }
    return Number.NaN
  }
}

const cursor = new Cursor()

/**
 * Checks that `records` holds exactly `count` records whose offset deltas are 0, 1, 2 and so on. Returns
 * null when it does, else what is wrong and with which record.
 */
export function checkRecords(
  records: Uint8Array,
  count: number,
): { index: number; message: string } | null {
  cursor.bytes = records
  cursor.at = 0
  for (let i = 0; i < count; i++) {
    const length = cursor.varint()
    const end = cursor.at + length
    if (!(length >= 0) || end > records.length)
      return { index: i, message: `record ${i} is longer than its batch` }
    cursor.at++
    const timestampDelta = cursor.varint()
    const offsetDelta = cursor.varint()
    if (Number.isNaN(timestampDelta) || cursor.at > end)
      return { index: i, message: `record ${i} is cut short` }
    if (offsetDelta !== i)
      return { index: i, message: `record ${i} has the offset delta ${offsetDelta}, not ${i}` }
    cursor.at = end
  }
  if (cursor.at === records.length) return null
  return { index: count, message: `the batch holds more than the ${count} records that it claims` }
}

export interface RecordHeader {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

/** One record; byte fields are views of the batch. */
export interface Record {
  readonly attributes: number
  readonly timestampDelta: number
  readonly offsetDelta: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Where the record begins and ends in its batch's records, length field included. */
  readonly from: number
  readonly to: number
}

/** The records of a batch, uncompressed; null when they are malformed. Headers are not looked into. */
export function readRecords(records: Uint8Array, count: number): Record[] | null {
  // Six bytes is the least that a record can have, so this bounds what a lying count can allocate.
  if (count < 0 || count > records.length / 6) return null
  const found: Record[] = []
  let from = 0
  for (let i = 0; i < count; i++) {
    const record = readRecord(records, from)
    if (record === null) return null
    found.push(record)
    from = record.to
  }
  return from === records.length ? found : null
}

function readRecord(records: Uint8Array, from: number): Record | null {
  cursor.bytes = records
  cursor.at = from
  const length = cursor.varint()
  const to = cursor.at + length
  if (!(length >= 0) || to > records.length) return null
  const attributes = records[cursor.at++] ?? 0
  const timestampDelta = cursor.varint()
  const offsetDelta = cursor.varint()
  const key = readBytes(records, to)
  const value = readBytes(records, to)
  if (key === undefined || value === undefined || Number.isNaN(timestampDelta + offsetDelta))
    return null
  return { attributes, timestampDelta, offsetDelta, key, value, from, to }
}

/** Bytes with a varint length at the cursor; undefined when they do not fit before `end`. */
function readBytes(records: Uint8Array, end: number): Uint8Array | null | undefined {
  const length = cursor.varint()
  if (length === -1) return null
  const from = cursor.at
  if (!(length >= 0) || from + length > end) return undefined
  cursor.at = from + length
  return records.subarray(from, from + length)
}

/** Writes records without headers, as our own internal topics hold them. */
export function writeRecords(
  records: readonly { key: Uint8Array | null; value: Uint8Array | null }[],
): Uint8Array {
  const parts: Uint8Array[] = []
  records.forEach(({ key, value }, i) => {
    const body = [
      Uint8Array.of(0),
      varint(0),
      varint(i),
      varint(key === null ? -1 : key.length),
      key ?? empty,
      varint(value === null ? -1 : value.length),
      value ?? empty,
      varint(0),
    ]
    parts.push(varint(body.reduce((n, b) => n + b.length, 0)), ...body)
  })
  return Buffer.concat(parts)
}

const empty = new Uint8Array(0)

/** A zigzag varint of a safe integer. */
export function varint(n: number): Uint8Array {
  let rest = n >= 0 ? n * 2 : -n * 2 - 1
  const bytes: number[] = []
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
