// The bytes of the journal. It is one endless run of commits; a commit is what one write and one
// sync made durable. LSN = place in that run; file `n` holds the LSNs [n × fileBytes, (n+1) ×
// fileBytes), and a commit never spans files. To change a layout: raise `version`, keep the reader
// of the old one for a release.
//
// Commit, starting at a multiple of 4096:
//   offset size  field
//        0    4  magic "PMQC"
//        4    1  version, 1
//        5    3  mark of the folder; zero in what older releases wrote
//        8    4  bytes of the commit, header, directory and padding included; a multiple of 4096
//       12    4  number of frames
//       16    8  LSN of this header: what an earlier lap left behind does not fit its place
//       24    8  LSN where the commit before this one ended
//       32    8  LSN up to which all was durable when this commit was written
//       40    8  generation: +1 with each start of the node, so that a cut tail cannot come back
//       48    4  offset of the directory in the commit
//       52    8  revision of the metadata that was durable; 0 in what older releases wrote
//       60    4  CRC-32C of bytes 0..59, begun with the seed of the folder (0 in older releases)
//   Mark and seed are the folder's key, 56 bits of chance that only the manifest tells: what stands
//   in records, which clients choose, is never taken for a commit when files are used again.
//   then the frames, the directory, zeros.
//
// Frame: a record batch and where it belongs.
//        0    4  magic "PMQF"
//        4    1  version, 3; in 1 the mark is zero, and 1 and 2 do not know the generation
//        5    3  mark of the batch's leader epoch, its four bytes folded into three: the batch's
//                own checksum leaves the epoch out
//        8    4  bytes of the batch
//       12    4  partition
//       16   16  topic id
//       32    8  LSN of this header
//       40    4  CRC-32C of bytes 0..39, begun with the generation: what a tail that was cut left
//                in the place of a frame is not taken for it
//       44    .  the batch, with its own CRC-32C
//
// Directory: says once more what the frames hold, so that a damaged frame still names its owner.
//   per frame: topic id 16, partition 4, offset of the frame in the commit 4, next offset 8;
//   behind the last one the CRC-32C of all entries.
//
// A file that no commit was ever written to begins with "PMQ unused", zeros behind it: so a file
// that begins with zeros has lost its beginning.
import { crc32c } from '../../base/crc32c.ts'
import { BatchHeader, headerBytes } from '../../model/record-batch.ts'

const version = 1
const frameVersion = 3
/** Of frames that say nothing of their generation. */
const lastBareVersion = 2
const commitMagic = 0x504d5143
const frameMagic = 0x504d5146
const unused = Buffer.from('PMQ unused')

/** Marks the first block of a file that was just made, which holds zeros. */
export const markUnused = (block: Uint8Array): void => block.set(unused)

/** Whether a file that begins with this block never held a commit, by its own word. */
export const isMarkedUnused = (block: Uint8Array): boolean =>
  unused.equals(block.subarray(0, unused.length))

export const commitHeaderBytes = 64
export const frameHeaderBytes = 44
export const directoryEntryBytes = 32
export const directoryBytes = (frames: number): number => frames * directoryEntryBytes + 4

/** What the headers of a folder's commits are known by. */
export interface JournalKey {
  readonly seed: number
  /** Below 2^24. */
  readonly mark: number
  /** Commits from this LSN on have it; those before have none. */
  readonly from: number
}

/** Of a folder that has none yet. */
export const noJournalKey: JournalKey = { seed: 0, mark: 0, from: Number.POSITIVE_INFINITY }

/** A key made of seven random bytes, for commits from `from` on. */
export function journalKeyOf(bytes: Uint8Array, from: number): JournalKey {
  const view = viewOf(bytes)
  return { seed: view.getUint32(0), mark: view.getUint32(3) & 0xffffff, from }
}

export interface CommitHeader {
  readonly bytes: number
  readonly frames: number
  readonly lsn: number
  readonly previousEnd: number
  readonly syncedLsn: number
  readonly generation: number
  readonly directoryAt: number
  readonly knownRevision: number
}

const viewOf = (b: Uint8Array): DataView => new DataView(b.buffer, b.byteOffset, b.byteLength)
const readInt64 = (v: DataView, at: number): number => Number(v.getBigInt64(at))

export function writeCommitHeader(into: Uint8Array, header: CommitHeader, key: JournalKey): void {
  const { seed, mark } = header.lsn >= key.from ? key : noJournalKey
  const view = viewOf(into)
  into.fill(0, 0, commitHeaderBytes)
  view.setUint32(0, commitMagic)
  view.setUint32(4, version * 0x100_0000 + mark)
  view.setUint32(8, header.bytes)
  view.setUint32(12, header.frames)
  view.setBigInt64(16, BigInt(header.lsn))
  view.setBigInt64(24, BigInt(header.previousEnd))
  view.setBigInt64(32, BigInt(header.syncedLsn))
  view.setBigInt64(40, BigInt(header.generation))
  view.setUint32(48, header.directoryAt)
  view.setBigInt64(52, BigInt(header.knownRevision))
  view.setUint32(60, crc32c(into.subarray(0, 60), seed))
}

/**
 * Null unless the bytes are a whole commit header of this folder. Says nothing on whether it
 * belongs here: see `lsn`.
 */
export function readCommitHeader(from: Uint8Array, key: JournalKey): CommitHeader | null {
  if (from.length < commitHeaderBytes) return null
  const view = viewOf(from)
  if (view.getUint32(0) !== commitMagic) return null
  const { seed, mark } = readInt64(view, 16) >= key.from ? key : noJournalKey
  if (view.getUint32(4) !== version * 0x100_0000 + mark) return null
  if (view.getUint32(60) !== crc32c(from.subarray(0, 60), seed)) return null
  return {
    bytes: view.getUint32(8),
    frames: view.getUint32(12),
    lsn: readInt64(view, 16),
    previousEnd: readInt64(view, 24),
    syncedLsn: readInt64(view, 32),
    generation: readInt64(view, 40),
    directoryAt: view.getUint32(48),
    knownRevision: readInt64(view, 52),
  }
}

/** The part of a frame header that is the same for every frame of a partition. */
export function frameTemplate(topicId: string, partition: number): Uint8Array {
  // One of many that share their memory: there is one for each partition.
  const template = Buffer.allocUnsafe(frameHeaderBytes).fill(0)
  const view = viewOf(template)
  view.setUint32(0, frameMagic)
  view.setUint8(4, frameVersion)
  view.setInt32(12, partition)
  template.set(Buffer.from(topicId, 'hex'), 16)
  return template
}

/** Any bit that turns in an epoch turns one in its mark. */
const foldEpoch = (epoch: number): number => (epoch ^ (epoch >>> 24)) & 0xffffff

/** Frames made of this template will hold batches of `epoch`. */
export function markEpoch(template: Uint8Array, epoch: number): void {
  const view = viewOf(template)
  view.setUint8(5, foldEpoch(epoch) >>> 16)
  view.setUint16(6, foldEpoch(epoch) & 0xffff)
}

/** Completes a partition's template for one frame at `lsn`. */
export function writeFrameHeader(
  template: Uint8Array,
  batchBytes: number,
  lsn: number,
  generation: number,
): void {
  const view = viewOf(template)
  view.setUint32(8, batchBytes)
  view.setUint32(32, Math.floor(lsn / 0x1_0000_0000))
  view.setUint32(36, lsn >>> 0)
  view.setUint32(40, crc32c(template.subarray(0, 40), generation))
}

export interface FrameOwner {
  readonly topicId: string
  readonly partition: number
}

export interface Frame extends FrameOwner {
  /** LSN of the batch, behind the frame's header. */
  readonly lsn: number
  /** Of the epoch that the batch was stored with; null in frames of version 1. */
  readonly epochMark: number | null
  /** Its header says that it is of the generation that was asked for; older ones say nothing. */
  readonly isOfGeneration: boolean
  readonly batch: Uint8Array
}

const ownerAt = (bytes: Uint8Array, topicAt: number, partitionAt: number): FrameOwner => ({
  topicId: Buffer.from(bytes.subarray(topicAt, topicAt + 16)).toString('hex'),
  partition: viewOf(bytes).getInt32(partitionAt),
})

/**
 * The frame at `at` of a commit, or null when its header is damaged. The batch is given even if
 * its own checksum is wrong: `frameIsWhole` says.
 */
export function readFrame(
  commit: Uint8Array,
  at: number,
  commitLsn: number,
  generation: number,
): Frame | null {
  if (at + frameHeaderBytes > commit.length) return null
  const header = commit.subarray(at, at + frameHeaderBytes)
  const view = viewOf(header)
  const layout = view.getUint8(4)
  if (view.getUint32(0) !== frameMagic || layout < version || layout > frameVersion) return null
  const seed = layout > lastBareVersion ? generation : 0
  if (view.getUint32(40) !== crc32c(header.subarray(0, 40), seed)) return null
  const bytes = view.getUint32(8)
  const from = at + frameHeaderBytes
  if (readInt64(view, 32) !== commitLsn + at || from + bytes > commit.length) return null
  return {
    ...ownerAt(header, 16, 12),
    lsn: commitLsn + from,
    epochMark: layout === version ? null : view.getUint32(4) & 0xffffff,
    isOfGeneration: layout > lastBareVersion,
    batch: commit.subarray(from, from + bytes),
  }
}

const header = new BatchHeader()

/** @param nextOffset what is known of it: offsets are not under the batch's checksum. */
export function frameIsWhole({ batch, epochMark }: Frame, nextOffset?: number): boolean {
  if (batch.length < headerBytes || header.moveTo(batch).magic !== 2) return false
  if (nextOffset !== undefined && header.nextOffset !== nextOffset) return false
  if (epochMark !== null && epochMark !== foldEpoch(header.leaderEpoch)) return false
  return header.bytes === batch.length && header.checksum() === header.crc
}

export interface DirectoryEntry extends FrameOwner {
  readonly frameAt: number
  readonly nextOffset: number
}

export function writeDirectoryEntry(
  into: Uint8Array,
  template: Uint8Array,
  frameAt: number,
  nextOffset: number,
): void {
  into.set(template.subarray(16, 32), 0)
  into.set(template.subarray(12, 16), 16)
  const view = viewOf(into)
  view.setUint32(20, frameAt)
  view.setBigInt64(24, BigInt(nextOffset))
}

/** Null when the directory is damaged. */
export function readDirectory(
  commit: Uint8Array,
  head: Pick<CommitHeader, 'frames' | 'directoryAt'>,
): DirectoryEntry[] | null {
  const end = head.directoryAt + directoryBytes(head.frames)
  if (head.directoryAt < commitHeaderBytes || end > commit.length) return null
  const entries = commit.subarray(head.directoryAt, end - 4)
  if (viewOf(commit).getUint32(end - 4) !== crc32c(entries)) return null
  const view = viewOf(entries)
  return Array.from({ length: head.frames }, (_, i) => {
    const at = i * directoryEntryBytes
    return {
      ...ownerAt(entries, at, at + 16),
      frameAt: view.getUint32(at + 20),
      nextOffset: readInt64(view, at + 24),
    }
  })
}
