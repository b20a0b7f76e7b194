// The records in which groups live, laid out exactly as in Apache Kafka's `__consumer_offsets`, so
// that tools which read that topic can read ours. Keys and values each begin with an int16 version.
//
//   key 0, 1: an offset     group | topic | partition
//   key 2:    a group       group
//   value of an offset: 3, or 1 when it has a time of expiry of its own; 0 to 4 are read
//   value of a group:   3;                                               0 to 4 are read
//
// A null value takes back what its key says. To change a version: add it to the schema, write it
// one release after it can be read. Keys of other versions belong to kinds of groups that we do not
// have.
import type { NewRecord } from '../log/appender.ts'
import { codec, type Message } from '../wire/message.ts'
import { Reader } from '../wire/reader.ts'
import {
  array,
  between,
  bytes,
  type Draft,
  int32,
  int64,
  nullable,
  type Of,
  type Struct,
  since,
  string,
  struct,
} from '../wire/schema.ts'
import { WireError } from '../wire/wire-error.ts'
import { joined, Writer } from '../wire/writer.ts'
import type { CommittedOffset } from './committed-offsets.ts'

const OffsetKey = struct({ group: string, topic: string, partition: int32 })

const GroupKey = struct({ group: string })

const OffsetValue = struct({
  offset: int64,
  leaderEpoch: since(3, int32, -1),
  metadata: string,
  committedAtMs: int64,
  expiresAtMs: between(1, 1, int64, -1),
})

const GroupValue = struct({
  protocolType: string,
  generation: int32,
  protocol: nullable(string),
  leader: nullable(string),
  stateSinceMs: since(2, int64, -1),
  members: array(
    struct({
      memberId: string,
      instanceId: since(3, nullable(string), null),
      clientId: string,
      clientHost: string,
      rebalanceTimeoutMs: since(1, int32, -1),
      sessionTimeoutMs: int32,
      subscription: bytes,
      assignment: bytes,
    }),
  ),
})

export type GroupValue = Of<typeof GroupValue>
export type GroupDraft = Draft<typeof GroupValue>

const message = <S extends Struct>(
  name: string,
  versions: readonly [number, number],
  flexibleFrom: number | null,
  body: S,
): Message<S> => ({ name, versions, flexibleFrom, body })

const offsetKey = message('OffsetCommitKey', [0, 1], null, OffsetKey)
const groupKey = message('GroupMetadataKey', [2, 2], null, GroupKey)
const offsetValue = message('OffsetCommitValue', [0, 4], 4, OffsetValue)
const groupValue = message('GroupMetadataValue', [0, 4], 4, GroupValue)

const offsetKeyVersion = 1
const groupKeyVersion = 2
const groupValueVersion = 3
const offsetValueVersion = 3
/** The only version that has `expiresAtMs`. */
const expiringOffsetValueVersion = 1

// ---- Writing ------------------------------------------------------------------------------------

/** Holds nothing between two records: a slab for each would cost more than the record. */
const writer = new Writer()

function encode<S extends Struct>(of: Message<S>, version: number, value: Draft<S>): Uint8Array {
  try {
    writer.int16(version)
    codec(of, version).write(writer, value)
    return joined(writer.finish())
  } finally {
    writer.discard()
  }
}

/** Takes the offset back when `committed` is null. */
export function offsetRecord(
  group: string,
  topic: string,
  partition: number,
  committed: CommittedOffset | null,
): NewRecord {
  const key = encode(offsetKey, offsetKeyVersion, { group, topic, partition })
  if (committed === null) return { key, value: null }
  const { expiresAtMs, ...kept } = committed
  if (expiresAtMs === null) return { key, value: encode(offsetValue, offsetValueVersion, kept) }
  const draft = { ...kept, expiresAtMs }
  return { key, value: encode(offsetValue, expiringOffsetValueVersion, draft) }
}

/** Takes the group back when `value` is null. */
export const groupRecord = (group: string, value: GroupDraft | null): NewRecord => ({
  key: encode(groupKey, groupKeyVersion, { group }),
  value: value === null ? null : encode(groupValue, groupValueVersion, value),
})

// ---- Reading ------------------------------------------------------------------------------------

export type ReadRecord =
  | { readonly kind: 'group'; readonly group: string; readonly value: GroupValue | null }
  | {
      readonly kind: 'offset'
      readonly group: string
      readonly topic: string
      readonly partition: number
      readonly value: CommittedOffset | null
    }
  /** Of a kind or version that is not ours. */
  | { readonly kind: 'foreign' }

/** Bytes in the result are views into `value`. Throws nothing but WireError. */
export function readRecord(key: Uint8Array, value: Uint8Array | null): ReadRecord {
  const reader = new Reader(key)
  const version = reader.int16('key version')
  if (version === groupKeyVersion) {
    const { group } = codec(groupKey, version).read(reader)
    return { kind: 'group', group, value: value && decode(groupValue, value) }
  }
  if (version !== 0 && version !== offsetKeyVersion) return { kind: 'foreign' }
  const place = codec(offsetKey, version).read(reader)
  return { kind: 'offset', ...place, value: value && committedOf(decode(offsetValue, value)) }
}

function decode<S extends Struct>(of: Message<S>, from: Uint8Array): Of<S> {
  const reader = new Reader(from)
  const version = reader.int16('value version')
  const [oldest, newest] = of.versions
  if (version < oldest || version > newest)
    throw new WireError(`${of.name}: version ${version} is not known`)
  return codec(of, version).read(reader)
}

const committedOf = (value: Of<typeof OffsetValue>): CommittedOffset => ({
  ...value,
  expiresAtMs: value.expiresAtMs === -1 ? null : value.expiresAtMs,
})
