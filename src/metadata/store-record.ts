// One transaction of the embedded store as a record of its file.
//
//   u8     version, 1
//   bytes  UTF-8 JSON: [revision, [[key, value], ...] put, [key, ...] deleted]
//
// The record file adds length and checksum. A rewritten file opens with records of the entries that
// live: version 2, JSON [revision of the store, [[key, value, modRevision], ...]]. To change a
// layout, add a version and keep reading the old ones.
import { CorruptFileError } from '../io/corrupt-file.ts'
import type { Entry } from './store.ts'

export type StoreRecord =
  | {
      readonly kind: 'txn'
      readonly revision: number
      readonly puts: readonly (readonly [string, string])[]
      readonly deletes: readonly string[]
    }
  | { readonly kind: 'entries'; readonly revision: number; readonly entries: readonly Entry[] }

/**
 * A record that passed its checksum and still is not one of ours: written by a newer release, or a
 * bug.
 */
export class StoreFormatError extends Error {
  override readonly name = 'StoreFormatError'
}

export function encodeRecord(record: StoreRecord): Uint8Array {
  const json =
    record.kind === 'txn'
      ? [record.revision, record.puts, record.deletes]
      : [record.revision, record.entries.map((e) => [e.key, e.value, e.modRevision])]
  const version = record.kind === 'txn' ? 1 : 2
  return Buffer.concat([Buffer.of(version), Buffer.from(JSON.stringify(json))])
}

/** Throws StoreFormatError, or CorruptFileError: a whole record of another file. */
export function decodeRecord(bytes: Uint8Array): StoreRecord {
  const version = bytes[0]
  if (version === undefined || version < 1 || version > versionsMax) throw malformed()
  if (version > 2) throw new StoreFormatError(`metadata of format ${version} needs a newer release`)
  const json = parse(Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.length - 1))
  if (!Array.isArray(json) || !Number.isSafeInteger(json[0])) throw malformed()
  const [revision, first, second] = json
  if (version === 1) {
    if (!isListOf(first, isPair) || !isListOf(second, isText)) throw malformed()
    return { kind: 'txn', revision, puts: first, deletes: second }
  }
  if (!isListOf(first, isTriple)) throw malformed()
  const entries = first.map(([key, value, modRevision]) => ({ key, value, modRevision }))
  return { kind: 'entries', revision, entries }
}

/** More than there will be: what says another is something else. */
const versionsMax = 31

const malformed = (): CorruptFileError =>
  new CorruptFileError('metadata', 0, 'what stands there is no metadata')

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw malformed()
    throw cause
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isPair = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && isText(value[0]) && isText(value[1])
const isTriple = (value: unknown): value is [string, string, number] =>
  Array.isArray(value) && isPair(value.slice(0, 2)) && Number.isSafeInteger(value[2])

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is)
}
