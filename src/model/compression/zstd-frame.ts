// What a Zstandard frame tells about itself without being uncompressed: its length, the size that it claims,
// and, from the headers of its blocks, the most that it can become. RFC 8878, section 3.1.1.
//
//   magic 28 b5 2f fd | descriptor | window? | dictionary id? | content size?        all little-endian
//   block: 3 bytes: last, bit 0; type, bits 1-2; size above | bytes
//   checksum int32?
const magic = 0xfd2fb528
/** 0x184d2a50 to 0x184d2a5f: frames that hold nothing of ours; a length, then bytes to skip. */
const skippable = 0x184d2a5
const blockBytesMax = 128 * 1024
const dictionaryIdBytes = [0, 1, 2, 4] as const
/** The largest window that the reference library accepts unless told otherwise: level 22 uses it. */
const windowBytesMax = 2 ** 27

export interface ZstdFrame {
  /** Where it ends in the bytes. */
  readonly to: number
  /** What it says it uncompresses to; null when it does not say, as streaming encoders leave it. */
  readonly claimedBytes: number | null
  /** The most bytes that its blocks can uncompress to; 0 for a skippable frame. */
  readonly outputMax: number
}

interface FrameHeader {
  readonly blocksFrom: number
  readonly hasChecksum: boolean
  readonly windowBytes: number
  readonly claimedBytes: number | null
}

/** The frame that begins at `from`; null when it is not whole, malformed, or needs what nobody sends. */
export function readZstdFrame(bytes: Uint8Array, from: number): ZstdFrame | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (from + 8 > bytes.length) return null
  const kind = view.getUint32(from, true)
  if (kind >>> 4 === skippable) {
    const to = from + 8 + view.getUint32(from + 4, true)
    return to <= bytes.length ? { to, claimedBytes: 0, outputMax: 0 } : null
  }
  const header = kind === magic ? readHeader(view, from + 4) : null
  return header === null ? null : readBlocks(view, header)
}

function readHeader(view: DataView, from: number): FrameHeader | null {
  const descriptor = view.getUint8(from)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeCode = descriptor >>> 6
  const sizeBytes = sizeCode === 0 ? Number(isSingleSegment) : 2 ** sizeCode
  const idBytes = dictionaryIdBytes[(descriptor & 3) as 0 | 1 | 2 | 3]
  const sizeFrom = from + 1 + (isSingleSegment ? 0 : 1) + idBytes
  const blocksFrom = sizeFrom + sizeBytes
  if (blocksFrom > view.byteLength || descriptor & 0x08) return null
  const claimedBytes = contentSize(view, sizeFrom, sizeBytes)
  const windowBytes = isSingleSegment ? (claimedBytes ?? 0) : windowSize(view.getUint8(from + 1))
  // A single segment needs no window beside its output, and that is bounded by itself.
  if (!isSingleSegment && windowBytes > windowBytesMax) return null
  return { blocksFrom, hasChecksum: (descriptor & 0x04) !== 0, windowBytes, claimedBytes }
}

const windowSize = (code: number): number => 2 ** (10 + (code >>> 3)) * (1 + (code & 7) / 8)

function contentSize(view: DataView, at: number, bytes: number): number | null {
  switch (bytes) {
    case 1:
      return view.getUint8(at)
    case 2:
      return view.getUint16(at, true) + 256
    case 4:
      return view.getUint32(at, true)
    case 8:
      return Number(view.getBigUint64(at, true))
    default:
      return null
  }
}

function readBlocks(view: DataView, header: FrameHeader): ZstdFrame | null {
  const outputMaxOfBlock = Math.min(header.windowBytes, blockBytesMax)
  let at = header.blocksFrom
  let outputMax = 0
  for (let isLast = false; !isLast; ) {
    if (at + 3 > view.byteLength) return null
    const field = view.getUint16(at, true) + view.getUint8(at + 2) * 0x1_0000
    isLast = (field & 1) === 1
    const type = (field >>> 1) & 3
    const size = field >>> 3
    if (type === 3 || size > outputMaxOfBlock) return null
    // Stored; one byte repeated; compressed.
    outputMax += type === 2 ? outputMaxOfBlock : size
    at += 3 + (type === 1 ? 1 : size)
  }
  const to = at + (header.hasChecksum ? 4 : 0)
  if (to > view.byteLength) return null
  const { claimedBytes } = header
  return (claimedBytes ?? 0) > outputMax ? null : { to, claimedBytes, outputMax }
}
