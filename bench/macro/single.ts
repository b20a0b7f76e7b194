// 5,000 produce requests a second, each with one record of 1 KB: the price of a request. Through
// one connection with Kafka's own tool, where a broker that needs more than a millisecond for each
// falls behind (a client has five requests in flight), and of which the first seconds do not count,
// since a Java client that has just started cannot keep that pace; through eight with an open loop,
// where latency counts from the moment a record was due; and through eight once more with requests
// that were encoded beforehand, since at the far end a Java client on the same two cores measures
// itself. The count of records in a request is reported, for the client may be tempted to join what
// waits.
import type { Peer, RunningPeer } from '../../scripts/peers/peer.ts'
import { type Bench, createTopic, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'
import { produce } from '../lib/perf-tools.ts'
import { cpuSeconds, untilQuiet, withCpu } from '../lib/proc.ts'
import { rawSpread } from '../lib/raw-spread.ts'
import { createMany, prefix, spread } from '../lib/topic-load.ts'

const rate = 5_000

interface Outcome {
  readonly recordsPerSecond: number
  readonly recordsPerRequest: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicros: number
}

/**
 * ProducerPerformance on one partition: a batch of one byte holds one record, a request one batch.
 */
async function oneConnection(peer: Peer, broker: RunningPeer, records: number): Promise<Outcome> {
  const load = {
    ...{ topic: 'single', recordBytes: kilobyte, records },
    ...{ throughput: rate, batchBytes: 1, lingerMs: 0 },
  }
  await createTopic(peer, broker, load.topic, 1)
  await produce(broker.bootstrap, load)
  const measured = { ...load, warmup: Math.floor(records / 3) }
  const [last, cpu] = await withCpu(broker.pid, () => produce(broker.bootstrap, measured))
  return { ...last, cpuMicros: (cpu / records) * 1e6 }
}

async function eightConnections(
  peer: Peer,
  broker: RunningPeer,
  records: number,
): Promise<Outcome> {
  await createMany(peer, broker, 1)
  let before = 0
  const result = await spread(
    broker,
    {
      ...{ topics: 1, warmup: 2 * rate, records, rate, recordBytes: kilobyte, producers: 8 },
      config: { 'batch.size': '1', 'linger.ms': '0' },
    },
    () => {
      before = cpuSeconds(broker.pid)
    },
  )
  await untilQuiet(broker.pid)
  return { ...result, cpuMicros: ((cpuSeconds(broker.pid) - before) / records) * 1e6 }
}

/** Its topic is there already. */
async function encodedBefore(broker: RunningPeer, records: number): Promise<Outcome> {
  const load = { prefix, topics: 1, recordBytes: kilobyte, connections: 8, window: 32, rate }
  let before = 0
  const result = await rawSpread(broker, { ...load, warmup: 6 * rate, records }, () => {
    before = cpuSeconds(broker.pid)
  })
  await untilQuiet(broker.pid)
  const cpuMicros = ((cpuSeconds(broker.pid) - before) / records) * 1e6
  return { ...result, recordsPerRequest: 1, cpuMicros }
}

const rowsOf = (name: string, outcome: Outcome): Row[] => [
  { name: `${name}: records/s`, value: outcome.recordsPerSecond },
  { name: `${name}: records in a request`, value: outcome.recordsPerRequest },
  { name: `${name}: broker CPU us/record`, value: outcome.cpuMicros },
  { name: `${name}: ack p50, ms`, value: outcome.p50Ms },
  { name: `${name}: ack p99, ms`, value: outcome.p99Ms },
]

export const single = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const records = scaled(30 * rate, bench)
    const one = await oneConnection(peer, broker, records)
    const eight = await eightConnections(peer, broker, records)
    const raw = await encodedBefore(broker, records)
    return [
      ...rowsOf('1 connection', one),
      ...rowsOf('8 connections', eight),
      ...rowsOf('8, encoded before', raw),
    ]
  })
