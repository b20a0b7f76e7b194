// Requests for the fuzzer: valid ones of every API and version, made from the schemas, and what can
// be done to them. All of it follows from the random source, so a seed tells the whole run.
import { type Api, requestHeaderVersion } from '../../src/protocol/kafka/schema/api.ts'
import { apis } from '../../src/protocol/kafka/schema/api-table.ts'
import { requestHeader } from '../../src/protocol/kafka/schema/header.ts'
import { codec, isFlexible } from '../../src/wire/message.ts'
import { joined, Writer } from '../../src/wire/writer.ts'
import { randomValue } from '../wire/random-value.ts'

export type Random = () => number

const below = (random: Random, n: number): number => Math.floor(random() * n)
const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T

const writer = new Writer()

export interface ValidRequest {
  readonly api: Api
  readonly version: number
  readonly frame: Buffer
}

/** A request that means what it says, of a random API and version. */
export function validRequest(random: Random, correlationId: number): ValidRequest {
  const api = pick(random, apis)
  const [oldest, newest] = api.versions
  const version = oldest + below(random, newest - oldest + 1)
  const flexible = isFlexible(api.request, version)
  writer.frame()
  codec(requestHeader, requestHeaderVersion(api, version)).write(writer, {
    requestApiKey: api.key,
    requestApiVersion: version,
    correlationId,
    clientId: pick(random, ['fuzz', '', null]),
  })
  const body = randomValue(api.request.body, { number: version, flexible }, random)
  codec(api.request, version).write(writer, body as never)
  return { api, version, frame: Buffer.from(joined(writer.finish())) }
}

type Mutation = (frame: Buffer, random: Random) => Buffer

const lengths = [-1, 0, 1, 2, 0x7f, 0x80, 0x7fff, 0x7fffffff, -0x80000000, -2]

const splice = (frame: Buffer, at: number, remove: number, insert: Uint8Array): Buffer =>
  Buffer.concat([frame.subarray(0, at), insert, frame.subarray(at + remove)])

/** Somewhere behind the size. */
const place = (frame: Buffer, random: Random, width: number): number =>
  4 + below(random, Math.max(1, frame.length - 4 - width))

const int32: Mutation = (frame, random) => {
  if (frame.length < 9) return frame
  const at = place(frame, random, 4)
  const old = frame.readInt32BE(at)
  frame.writeInt32BE(pick(random, [...lengths, old + 1, old - 1]) | 0, at)
  return frame
}

const int16: Mutation = (frame, random) => {
  if (frame.length < 7) return frame
  const at = place(frame, random, 2)
  const old = frame.readInt16BE(at)
  frame.writeInt16BE(((pick(random, [...lengths, old + 1, old - 1]) << 16) >> 16) | 0, at)
  return frame
}

const flip: Mutation = (frame, random) => {
  for (let n = 1 + below(random, 4); n > 0; n--) {
    const at = place(frame, random, 1)
    if (at < frame.length) frame[at] = (frame[at] ?? 0) ^ (1 << below(random, 8))
  }
  return frame
}

const truncate: Mutation = (frame, random) => frame.subarray(0, place(frame, random, 0))

const overlongVarint: Mutation = (frame, random) => {
  const bytes = Buffer.alloc(1 + below(random, 12), 0xff)
  if (random() < 0.5) bytes[bytes.length - 1] = below(random, 128)
  return splice(frame, place(frame, random, 1), below(random, 3), bytes)
}

const insert: Mutation = (frame, random) => {
  const bytes = Buffer.from(Array.from({ length: 1 + below(random, 20) }, () => below(random, 256)))
  return splice(frame, place(frame, random, 0), 0, bytes)
}

const remove: Mutation = (frame, random) =>
  splice(frame, place(frame, random, 0), 1 + below(random, 10), Buffer.alloc(0))

const repeat: Mutation = (frame, random) => {
  const from = place(frame, random, 0)
  const part = frame.subarray(from, from + 1 + below(random, 64))
  return splice(frame, from, 0, Buffer.concat(Array.from({ length: 3 }, () => part)))
}

const header: Mutation = (frame, random) => {
  if (frame.length < 8) return frame
  if (random() < 0.5) frame.writeInt16BE(below(random, 100) - 2, 4)
  else frame.writeInt16BE(below(random, 24) - 2, 6)
  return frame
}

const noise: Mutation = (_frame, random) =>
  Buffer.from(Array.from({ length: 4 + below(random, 200) }, () => below(random, 256)))

const mutations: readonly Mutation[] = [
  int32,
  int32,
  int16,
  flip,
  truncate,
  overlongVarint,
  insert,
  remove,
  repeat,
  header,
  noise,
]

/**
 * The frame after one to three things happened to it; its size is right again, most of the time.
 */
export function mutated(frame: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(frame)
  for (let n = 1 + below(random, 3); n > 0; n--) bytes = pick(random, mutations)(bytes, random)
  if (bytes.length < 4) bytes = Buffer.concat([bytes, Buffer.alloc(4)])
  bytes = Buffer.from(bytes)
  if (random() < 0.9) bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}
