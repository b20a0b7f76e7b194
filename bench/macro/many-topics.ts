// 10,000 topics against one at the same load. Every request carries one record of 1 KB to one
// topic, in both cases, so the two loads differ in nothing but how many topics the requests go to.
// Once at a fixed rate, for the broker's CPU and the acknowledgement, and once as fast as it goes.
// The requests are encoded beforehand and sent as they are: Kafka's own producer took 350 us of
// CPU a record on two cores with 10,000 topics (140 s for 400,000), and so measured itself.
import type { Peer, RunningPeer } from '../../scripts/peers/peer.ts'
import { type Bench, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'
import { cpuSeconds, untilQuiet } from '../lib/proc.ts'
import type { RawResult } from '../lib/raw-load.ts'
import { rawSpread } from '../lib/raw-spread.ts'
import { createMany, prefix } from '../lib/topic-load.ts'

const topicsFull = 10_000
const openRate = 5_000
/**
 * Records of warm-up for each topic. Kafka makes and maps a partition's index files at its fourth 1
 * KB record (index.interval.bytes), which costs it milliseconds, once; that is not what is
 * measured.
 */
const warmupOfEach = 6

interface Loads {
  readonly open: RawResult
  readonly closed: RawResult
  /** Broker CPU a record at the fixed rate. */
  readonly cpuMicros: number
}

async function loadOver(broker: RunningPeer, topics: number, bench: Bench): Promise<Loads> {
  const warmup = warmupOfEach * scaled(topicsFull, bench)
  const load = { prefix, topics, recordBytes: kilobyte, connections: 8, window: 32 }
  let before = 0
  const records = scaled(20 * openRate, bench)
  const open = await rawSpread(broker, { ...load, warmup, records, rate: openRate }, () => {
    before = cpuSeconds(broker.pid)
  })
  await untilQuiet(broker.pid)
  const cpuMicros = ((cpuSeconds(broker.pid) - before) / records) * 1e6
  const asMany = { ...load, warmup, records: scaled(400_000, bench), rate: 0 }
  const closed = await rawSpread(broker, asMany)
  await untilQuiet(broker.pid)
  return { open, closed, cpuMicros }
}

const rowsOf = (name: string, { open, closed, cpuMicros }: Loads): Row[] => [
  { name: `${name}, closed loop: records/s`, value: closed.recordsPerSecond },
  { name: `${name}, closed loop: client CPU s`, value: closed.clientCpuSeconds },
  { name: `${name}, 5,000/s: broker CPU us/record`, value: cpuMicros },
  { name: `${name}, 5,000/s: ack p50, ms`, value: open.p50Ms },
  { name: `${name}, 5,000/s: ack p99, ms`, value: open.p99Ms },
]

const run = (peer: Peer, bench: Bench, topics: number): Promise<Loads> =>
  withBroker(peer, bench, async (broker) => {
    await createMany(peer, broker, topics)
    await untilQuiet(broker.pid)
    return loadOver(broker, topics, bench)
  })

export const manyTopics = async (peer: Peer, bench: Bench): Promise<Row[]> => {
  const topics = scaled(topicsFull, bench)
  const one = await run(peer, bench, 1)
  const many = await run(peer, bench, topics)
  return [
    ...rowsOf('1 topic', one),
    ...rowsOf('many topics', many),
    {
      name: 'many/1 topic, closed loop: rate',
      value: many.closed.recordsPerSecond / one.closed.recordsPerSecond,
    },
    { name: 'many/1 topic, 5,000/s: broker CPU', value: many.cpuMicros / one.cpuMicros },
  ]
}
