// Looks at how a broker stored what a client produced: the headers of the record batches of one
// partition, read with a Fetch request of version 4 over a plain socket. It tells what no client
// tells: whether the codec that was asked for was used, and whether the producer was an idempotent
// one.
import { connect, type Socket } from 'node:net'
import type { Codec } from './commands.ts'

export interface Batch {
  readonly baseOffset: number
  readonly records: number
  readonly codec: Codec
  /** -1 if the producer was not idempotent. */
  readonly producerId: number
  readonly baseSequence: number
}

/** The error code of the partition in a Fetch answer. */
export class FetchError extends Error {
  constructor(code: number) {
    super(`Fetch answered error ${code}`)
  }
}

const codecs: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const answerTimeoutMs = 5_000
const bytesMax = 8 << 20

const string = (text: string): Buffer => {
  const length = Buffer.alloc(2)
  length.writeInt16BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text)])
}

const int32 = (...values: number[]): Buffer => {
  const out = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) out.writeInt32BE(value, 4 * i)
  return out
}

/** Header version 1, then Fetch version 4: no wait, one topic, one partition, from offset 0. */
const fetchRequest = (topic: string, partition: number): Buffer => {
  const body = Buffer.concat([
    Buffer.from([0, 1, 0, 4]),
    int32(7),
    string('batches'),
    int32(-1, 0, 0, bytesMax),
    Buffer.from([0]),
    int32(1),
    string(topic),
    int32(1, partition, 0, 0, bytesMax),
  ])
  return Buffer.concat([int32(body.length), body])
}

/** The whole answer, without its length. */
const answerOf = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let got = Buffer.alloc(0)
    socket.setTimeout(answerTimeoutMs, () => reject(new Error('no answer to a Fetch request')))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the broker closed on a Fetch request')))
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk])
      if (got.length >= 4 && got.length >= 4 + got.readInt32BE(0)) resolve(got.subarray(4))
    })
  })

/** The record sets of the one partition in a Fetch answer of version 4. */
const recordsOf = (answer: Buffer): Buffer => {
  let at = 4 + 4 + 4
  at += 2 + answer.readInt16BE(at) + 4 + 4
  const error = answer.readInt16BE(at)
  if (error !== 0) throw new FetchError(error)
  at += 2 + 8 + 8
  at += 4 + 16 * Math.max(0, answer.readInt32BE(at))
  const length = Math.max(0, answer.readInt32BE(at))
  return answer.subarray(at + 4, at + 4 + length)
}

/**
 * KIP-98: offset, length, leader epoch, magic, CRC, attributes, last delta, two times, producer,
 * count.
 */
const headersOf = (records: Buffer): Batch[] => {
  const found: Batch[] = []
  for (let at = 0; at + 61 <= records.length; ) {
    const codec = codecs[records.readInt16BE(at + 21) & 7]
    if (records[at + 16] !== 2 || codec === undefined)
      throw new Error(`no record batch of magic 2 at byte ${at}`)
    found.push({
      baseOffset: Number(records.readBigInt64BE(at)),
      records: records.readInt32BE(at + 57),
      codec,
      producerId: Number(records.readBigInt64BE(at + 43)),
      baseSequence: records.readInt32BE(at + 53),
    })
    at += 12 + records.readInt32BE(at + 8)
  }
  return found
}

/** The batches of a partition from offset 0, as far as 8 MiB hold them. */
export const batchesOf = async (
  bootstrap: string,
  topic: string,
  partition: number,
): Promise<Batch[]> => {
  const [host, port] = bootstrap.split(':')
  const socket = connect(Number(port), host)
  try {
    const answer = answerOf(socket)
    socket.write(fetchRequest(topic, partition))
    return headersOf(recordsOf(await answer))
  } finally {
    socket.destroy()
  }
}
