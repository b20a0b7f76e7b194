// The quick look at the records of a batch that a client sent, for the path where every nanosecond
// of a record counts: one pass over the bytes with local variables only. It knows the common shape
// (lengths below 2 MiB, no headers) and says yes only to what is surely whole; whoever gets a no
// looks closer with RecordWalk, which also finds the words for what is wrong.

/** True: exactly `count` whole records with the offset deltas 0, 1, 2 and so on fill `records`. */
export function arePlainlyWhole(records: Uint8Array, count: number): boolean {
  const size = records.length
  let at = 0
  for (let i = 0; i < count; i++) {
    // Length, attributes, three varints of at most 3, 10 and 5 bytes: never read behind the end.
    if (at + 7 > size) return false
    let byte = records[at++] as number
    let zigzag = byte & 0x7f
    if (byte >= 0x80) {
      byte = records[at++] as number
      zigzag |= (byte & 0x7f) << 7
      if (byte >= 0x80) {
        byte = records[at++] as number
        if (byte >= 0x80) return false
        zigzag |= byte << 14
      }
    }
    const end = at + (zigzag >>> 1)
    if ((zigzag & 1) !== 0 || end > size || end - at < 6) return false
    at++
    const timestampEnd = at + 10
    while ((records[at++] as number) >= 0x80) if (at >= end || at >= timestampEnd) return false
    at = skipIfZigzag(records, at, i * 2)
    if (at < 0) return false
    at = skipField(records, at, end)
    if (at < 0) return false
    at = skipField(records, at, end)
    if (at < 0 || at + 1 !== end || records[at] !== 0) return false
    at = end
  }
  return at === size
}

/** Behind the varint at `at` if it holds exactly `zigzag`, else -1. */
function skipIfZigzag(records: Uint8Array, at: number, zigzag: number): number {
  let rest = zigzag
  let place = at
  while (rest >= 0x80) {
    if (records[place++] !== ((rest & 0x7f) | 0x80)) return -1
    rest >>>= 7
  }
  return records[place] === rest ? place + 1 : -1
}

/** Behind a key or value that ends before `end`, else -1. */
function skipField(records: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1
  let place = at
  let byte = records[place++] as number
  let zigzag = byte & 0x7f
  if (byte >= 0x80) {
    byte = records[place++] ?? 0x80
    zigzag |= (byte & 0x7f) << 7
    if (byte >= 0x80) {
      byte = records[place++] ?? 0x80
      if (byte >= 0x80) return -1
      zigzag |= byte << 14
    }
  }
  // Null is -1, one in zigzag.
  if (zigzag === 1) return place
  if ((zigzag & 1) !== 0) return -1
  place += zigzag >>> 1
  return place < end ? place : -1
}
