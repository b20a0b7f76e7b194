// Time to read and to write a FetchRequest v12 of 100 partitions, compiled and interpreted.
// Run by `npm run bench:codec`; prints the best of several rounds in nanoseconds.
import { type FetchRequest, fetch } from '../../src/protocol/kafka/schema/fetch.ts'
import type { Codec } from '../../src/wire/codec.ts'
import { interpret } from '../../src/wire/interpreter.ts'
import { codec } from '../../src/wire/message.ts'
import { Reader } from '../../src/wire/reader.ts'
import { nilUuid } from '../../src/wire/schema.ts'
import { joined, Writer } from '../../src/wire/writer.ts'

const version = 12
// Many short rounds: the best of them fell between the turns of other processes.
const rounds = 60

const value: FetchRequest = {
  clusterId: null,
  replicaId: -1,
  replicaState: { replicaId: -1, replicaEpoch: -1 },
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 52_428_800,
  isolationLevel: 0,
  sessionId: 0,
  sessionEpoch: -1,
  topics: [
    {
      topic: 'orders',
      topicId: nilUuid,
      partitions: Array.from({ length: 100 }, (_, partition) => ({
        partition,
        currentLeaderEpoch: 3,
        fetchOffset: 5_000_000_000n + BigInt(partition),
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: 1_048_576,
        replicaDirectoryId: nilUuid,
        highWatermark: 2n ** 63n - 1n,
      })),
    },
  ],
  forgottenTopicsData: [],
  rackId: '',
}

/** Nanoseconds per call, the best of `rounds`. */
function best(calls: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const from = performance.now()
    for (let i = 0; i < calls; i++) run()
    least = Math.min(least, ((performance.now() - from) * 1e6) / calls)
  }
  return Math.round(least)
}

function measure(name: string, of: Codec<unknown, FetchRequest>, calls: number): void {
  const writer = new Writer()
  const write = () => {
    of.write(writer, value)
    return writer.finish()
  }
  const bytes = joined(write())
  const writeNs = best(calls, write)
  const readNs = best(calls, () => of.read(new Reader(bytes)))
  console.log(`${name}: ${bytes.length} bytes, read ${readNs} ns, write ${writeNs} ns`)
}

const begun = performance.now()
const compiled = codec(fetch.request, version)
console.log(`compile: ${(performance.now() - begun).toFixed(2)} ms`)
measure('compiled', compiled, 2000)
const { name, body } = fetch.request
measure('interpreted', interpret(name, body, version, true), 20)
