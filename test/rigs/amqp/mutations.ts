// What can be done to frames that mean something: bytes, lengths, contents that lie, and sequences
// that nobody may send. All follows from the random source, so a seed tells the whole run.
import { basic } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import {
  channelsUsed,
  frameOf,
  headerFrame,
  methodFrame,
  publishFrames,
  someProperties,
  someStep,
} from './steps.ts'
import { below, hostileTable, pick, type Random, uint16, uint32 } from './tables.ts'

const headBytes = 7

type Mutation = (frames: Buffer[], random: Random) => Buffer[]

/** One of the frames, changed, unless an earlier mutation has left too little of it. */
const inOne =
  (change: (frame: Buffer, random: Random) => Buffer): Mutation =>
  (frames, random) => {
    const at = below(random, frames.length)
    return frames.map((frame, i) => {
      const isWhole = frame.length > headBytes
      return i === at && isWhole ? change(Buffer.from(frame), random) : frame
    })
  }

/** Behind the head and before the end, so that it is still a frame. */
const inside = (frame: Buffer, random: Random, width: number): number =>
  Math.min(headBytes + below(random, 60), Math.max(0, frame.length - 1 - width))

const octet = inOne((frame, random) => {
  frame[inside(frame, random, 1)] = below(random, 256)
  return frame
})

const bitFlip = inOne((frame, random) => {
  const at = below(random, frame.length)
  frame[at] = (frame[at] as number) ^ (1 << below(random, 8))
  return frame
})

const lengths = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

const length = inOne((frame, random) => {
  if (frame.length < headBytes + 6) return frame
  const at = inside(frame, random, 4)
  const old = frame.readUInt32BE(at)
  frame.writeUInt32BE(pick(random, [...lengths, old + 1, old - 1]) >>> 0, at)
  return frame
})

const frameSize = inOne((frame, random) => {
  const old = frame.readUInt32BE(3)
  frame.writeUInt32BE(pick(random, [...lengths, 131_064, 131_065, old + 1, old - 1]) >>> 0, 3)
  return frame
})

const frameEnd = inOne((frame, random) => {
  frame[frame.length - 1] = below(random, 256)
  return frame
})

const frameType = inOne((frame, random) => {
  frame[0] = pick(random, [0, 1, 2, 3, 4, 8, 9, 0x41, 255])
  return frame
})

const channelNumber = inOne((frame, random) => {
  frame.writeUInt16BE(pick(random, [0, 1, 2, 4, 2047, 2048, 65_535]), 1)
  return frame
})

const methodNumber = inOne((frame, random) => {
  if (frame[0] !== 1 || frame.length < headBytes + 5) return frame
  frame.writeUInt16BE(pick(random, [0, 10, 20, 30, 40, 50, 60, 85, 90, 99]), headBytes)
  frame.writeUInt16BE(pick(random, [0, 10, 11, 20, 21, 30, 31, 40, 50, 60, 999]), headBytes + 2)
  return frame
})

/** Bytes too few or too many, in a frame that says so. */
const argumentBytes = inOne((frame, random) => {
  const payload = frame.subarray(headBytes, -1)
  const cut = payload.subarray(0, below(random, payload.length + 1))
  const more = random() < 0.5 ? Buffer.alloc(below(random, 50), 0xff) : Buffer.alloc(0)
  return frameOf(frame[0] ?? 1, frame.readUInt16BE(1), Buffer.concat([cut, more]))
})

const cutShort: Mutation = (frames, random) => {
  const all = Buffer.concat(frames)
  return [all.subarray(0, 1 + below(random, all.length))]
}

const noise: Mutation = (frames, random) => {
  const bytes = Buffer.from(Array.from({ length: 1 + below(random, 40) }, () => below(random, 256)))
  return [...frames, bytes]
}

// ---- Sequences ----------------------------------------------------------------------------------

const dropped: Mutation = (frames, random) => {
  const at = below(random, frames.length)
  return frames.length === 1 ? frames : frames.filter((_, i) => i !== at)
}

const doubled: Mutation = (frames, random) => {
  const at = below(random, frames.length)
  return frames.flatMap((frame, i) => (i === at ? [frame, frame] : [frame]))
}

const swapped: Mutation = (frames, random) => {
  const copy = [...frames]
  const at = below(random, copy.length)
  const moved = copy.splice(at, 1)
  copy.splice(below(random, copy.length + 1), 0, ...moved)
  return copy
}

/** The frames of another step between these: of another channel that is right, else it is not. */
const interleaved: Mutation = (frames, random) => {
  const others = someStep(random)
  const merged: Buffer[] = []
  for (let i = 0, j = 0; i < frames.length || j < others.length; ) {
    const isOther = i >= frames.length || (j < others.length && random() < 0.5)
    merged.push((isOther ? others[j++] : frames[i++]) as Buffer)
  }
  return merged
}

// ---- Contents -----------------------------------------------------------------------------------

const sizes = [
  0n,
  1n,
  5n,
  100n,
  2n ** 24n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]

/** A content whose size, bodies, class or properties are not what they should be. */
const contentLies: Mutation = (_, random) => {
  const id = 1 + below(random, channelsUsed)
  const said = { exchange: '', routingKey: pick(random, ['q0', 'q1', 'none']) }
  const method = methodFrame(id, basic.publish, said, random)
  const list = random() < 0.3 ? badProperties(random) : someProperties(random)
  const classId = random() < 0.1 ? pick(random, [0, 10, 50, 61]) : 60
  const weight = random() < 0.1 ? 1 : 0
  const header = headerFrame(id, pick(random, sizes), list, classId, weight)
  const bodies = Array.from({ length: below(random, 4) }, () => {
    const to = random() < 0.9 ? id : below(random, 5)
    return frameOf(3, to, Buffer.alloc(pick(random, [0, 1, 4, 5, 6, 99, 5000]), 'l'))
  })
  return [method, header, ...bodies]
}

function badProperties(random: Random): Buffer {
  switch (below(random, 4)) {
    case 0:
      return Buffer.alloc(below(random, 2))
    case 1:
      return Buffer.concat([uint16(below(random, 65_536)), Buffer.alloc(below(random, 30), 1)])
    case 2:
      return Buffer.concat([uint16(1 << 13), hostileTable(random)])
    default:
      return Buffer.concat([uint16(1 << 13), uint32(pick(random, lengths)), Buffer.alloc(9)])
  }
}

/** Contents on all channels, begun and left, one frame of each after the other. */
const threads: Mutation = (_, random) => {
  const all = Array.from({ length: channelsUsed }, (_, i) => publishFrames(i + 1, random))
  return all.flatMap((frames) => frames.slice(0, 1 + below(random, frames.length)))
}

const mutations: readonly Mutation[] = [
  octet,
  octet,
  bitFlip,
  length,
  frameSize,
  frameEnd,
  frameType,
  channelNumber,
  methodNumber,
  argumentBytes,
  cutShort,
  noise,
  dropped,
  doubled,
  swapped,
  interleaved,
  interleaved,
  contentLies,
  contentLies,
  threads,
]

/** One step with one to three things wrong with it. */
export function mutatedStep(random: Random): Buffer[] {
  let frames = someStep(random)
  const times = random() < 0.8 ? 1 : 3
  for (let i = 0; i < times && frames.length > 0; i++)
    frames = pick(random, mutations)(frames, random)
  return frames
}

/** A greeting with something wrong. */
export const mutatedGreeting = (frames: readonly Buffer[], random: Random): Buffer[] =>
  pick(random, mutations)([...frames], random)
