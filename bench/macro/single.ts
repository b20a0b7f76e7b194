// 5,000 produce requests a second, each with one record of 1 KB: the price of a request. One partition
// and a batch size of one byte, so that a request cannot carry two records; the tool's own count of
// records in a request is reported to prove it.
import type { Peer } from '../../scripts/peers/peer.ts'
import { type Bench, createTopic, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'
import { produce } from '../lib/perf-tools.ts'
import { withCpu } from '../lib/proc.ts'

const rate = 5_000

export const single = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const load = {
      ...{ topic: 'single', recordBytes: kilobyte, records: scaled(30 * rate, bench) },
      ...{ throughput: rate, batchBytes: 1, lingerMs: 0 },
    }
    await createTopic(peer, broker, load.topic, 1)
    await produce(broker.bootstrap, load)
    const [last, cpu] = await withCpu(broker.pid, () => produce(broker.bootstrap, load))
    return [
      { name: 'records/s (5,000 asked for)', value: last.recordsPerSecond },
      { name: 'records in a request', value: last.recordsPerRequest },
      { name: 'broker CPU us/record', value: (cpu / load.records) * 1e6 },
      { name: 'ack p50, ms', value: last.p50Ms },
      { name: 'ack p99, ms', value: last.p99Ms },
    ]
  })
