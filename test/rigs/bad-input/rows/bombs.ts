// Row 10: batches that are small and uncompress to ten gigabytes, or say so. They are opened when
// they are produced: for a compacted topic to see the keys, for any topic so that no reader meets
// what cannot be read.
import { gzipSync } from 'node:zlib'
import { snappy } from '../../../../src/model/compression/snappy.ts'
import { prepare, produceTo } from '../ask.ts'
import { batchWith } from '../batches.ts'
import type { Case } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'

const mebi = 1 << 20
const outputBytes = 10 * 1024 * mebi
const codecs = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
const tooLarge = nameOf(10)
const invalid = nameOf(87)
/** Large enough for the largest of them, so that it is not their size that is refused. */
const batchBytesMax = String(64 * mebi)
interface TopicDraft {
  readonly name: string
  readonly configs: Readonly<Record<string, string>>
}

const compacted: TopicDraft = {
  name: 'bombs-compacted',
  configs: { 'cleanup.policy': 'compact', 'max.message.bytes': batchBytesMax },
}
const plain: TopicDraft = { name: 'bombs', configs: { 'max.message.bytes': batchBytesMax } }

const repeated = (part: Uint8Array, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => part))

/** Members of zeros, one behind the other: a gzip stream may have many. */
function gzipBomb(bytes = outputBytes): Uint8Array {
  const memberBytes = 64 * mebi
  return repeated(gzipSync(Buffer.alloc(memberBytes), { level: 9 }), bytes / memberBytes)
}

const gzipNested = (): Uint8Array => gzipSync(gzipSync(gzipBomb()))

/** Blocks of one byte that is repeated 128 Ki times: four bytes each. RFC 8878, 3.1.1.2. */
function zstdBomb(): Uint8Array {
  const blockBytes = 128 * 1024
  const block = (isLast: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUIntLE((blockBytes << 3) | (1 << 1) | isLast, 0, 3)
    return bytes
  }
  const count = outputBytes / blockBytes
  // No content size, a window of 128 KiB.
  const start = Buffer.from('28b52ffd' + '00' + '38', 'hex')
  return Buffer.concat([start, repeated(block(0), count - 1), block(1)])
}

/** The largest window that the format can say and a decoder might take: 2 GiB. */
const zstdWindow = (): Uint8Array =>
  Buffer.concat([Buffer.from('28b52ffd' + '00' + 'a8', 'hex'), Buffer.from([0x01, 0, 0])])

/** A frame that claims ten gigabytes and holds one byte. */
function zstdClaim(): Uint8Array {
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(outputBytes))
  return Buffer.concat([Buffer.from('28b52ffde0', 'hex'), size, Buffer.from([0x0b, 0, 0, 0x78])])
}

/** Blocks of 4 MiB: one literal, and a match on it that goes on in steps of 255. */
function lz4Bomb(): Uint8Array {
  const blockBytes = 4 * mebi
  const steps = Math.floor((blockBytes - 64) / 255)
  const block = Buffer.concat([
    Buffer.from([0x1f, 0, 1, 0]),
    Buffer.alloc(steps, 0xff),
    Buffer.from([0, 0x50, 0, 0, 0, 0, 0]),
  ])
  const size = Buffer.alloc(4)
  size.writeUInt32LE(block.length)
  const start = Buffer.from('04224d18' + '6070' + '73', 'hex')
  // Twice as many would not fit in a batch that the journal takes.
  const count = Math.floor(outputBytes / 2 / blockBytes)
  return Buffer.concat([start, repeated(Buffer.concat([size, block]), count), Buffer.alloc(4)])
}

const lz4Claim = (): Uint8Array => {
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(outputBytes))
  return Buffer.concat([
    Buffer.from('04224d186870', 'hex'),
    size,
    Buffer.from([0]),
    Buffer.alloc(4),
  ])
}

/** A raw block that claims 2^32-1 bytes: a literal, then copies of 64 bytes, three bytes each. */
const snappyRaw = (): Uint8Array =>
  Buffer.concat([
    Buffer.from('ffffffff0f' + '0000', 'hex'),
    repeated(Buffer.from([0xfe, 0x01, 0x00]), 300_000),
  ])

/** The frame of the Java library, with a thousand blocks of 10 MiB. */
function snappyFramed(): Uint8Array {
  const blockBytes = 10 * mebi
  const block = rawSnappyZeros(blockBytes)
  const length = Buffer.alloc(4)
  length.writeInt32BE(block.length)
  const start = snappy.compress(new Uint8Array(0))
  return Buffer.concat([start, repeated(Buffer.concat([length, block]), 64)])
}

function rawSnappyZeros(bytes: number): Buffer {
  const claimed: number[] = []
  let rest = bytes
  for (; rest >= 0x80; rest >>>= 7) claimed.push((rest & 0x7f) | 0x80)
  claimed.push(rest)
  const copies = Math.ceil((bytes - 1) / 64)
  return Buffer.concat([Buffer.from([...claimed, 0, 0]), repeated(Buffer.of(0xfe, 1, 0), copies)])
}

const snappyNone = (): Uint8Array => Buffer.from('ffffffffff', 'hex')

interface Bomb {
  readonly sent: string
  readonly codec: keyof typeof codecs
  readonly answer: string
  readonly make: () => Uint8Array
}

const bombs: readonly Bomb[] = [
  { sent: 'gzip to 10 GiB', codec: 'gzip', answer: tooLarge, make: () => gzipBomb() },
  {
    sent: 'gzip to 832 MiB, in a batch of the default max.message.bytes',
    codec: 'gzip',
    answer: tooLarge,
    make: () => gzipBomb(832 * mebi),
  },
  { sent: 'gzip in gzip in gzip', codec: 'gzip', answer: invalid, make: gzipNested },
  { sent: 'zstd to 10 GiB', codec: 'zstd', answer: tooLarge, make: zstdBomb },
  { sent: 'zstd with a window of 2 GiB', codec: 'zstd', answer: invalid, make: zstdWindow },
  { sent: 'zstd that claims 10 GiB', codec: 'zstd', answer: invalid, make: zstdClaim },
  { sent: 'lz4 to 5 GiB', codec: 'lz4', answer: tooLarge, make: lz4Bomb },
  { sent: 'lz4 that claims 10 GiB', codec: 'lz4', answer: tooLarge, make: lz4Claim },
  { sent: 'raw snappy that claims 4 GiB', codec: 'snappy', answer: tooLarge, make: snappyRaw },
  { sent: 'framed snappy to 640 MiB', codec: 'snappy', answer: tooLarge, make: snappyFramed },
  { sent: 'snappy whose size does not end', codec: 'snappy', answer: invalid, make: snappyNone },
]

const size = (bytes: number): string =>
  bytes < 1024 ? `${bytes} B` : bytes < mebi ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`

/** Opened, since the records in it are checked: their keys, or that there are any. */
const produced =
  (to: TopicDraft, where: string) =>
  ({ sent, codec, answer, make }: Bomb): Case => ({
    row: 10,
    sent: `${sent}, to ${where} topic`,
    answer,
    run: async ({ connect, note }) => {
      const client = await (await connect()).greet()
      await prepare(client, to)
      const bomb = make()
      note(`${size(bomb.length)} of ${codec}`)
      const batch = batchWith(bomb, 1, { attributes: codecs[codec] })
      return nameOf((await produceTo(client, to.name, batch)).code)
    },
  })

const messageBytesMax = 1_000_000

/** Those that a topic takes at its defaults, to a compacted topic. */
export const smallBombs = (): Case[] =>
  bombs
    .filter(({ make }) => make().length <= messageBytesMax)
    .map(produced(compacted, 'a compacted'))

export const compressionBombs: readonly Case[] = [
  ...bombs.map(produced(compacted, 'a compacted')),
  ...bombs.map(produced(plain, 'any')),
]
