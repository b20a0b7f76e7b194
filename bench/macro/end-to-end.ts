// From send to receive with one record of 1 KB in flight: what a lonely message waits for. The tool
// keeps percentiles in whole milliseconds; only the average shows more.
import type { Peer } from '../../scripts/peers/peer.ts'
import { type Bench, createTopic, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'
import { endToEnd as runEndToEnd } from '../lib/perf-tools.ts'
import { withCpu } from '../lib/proc.ts'

export const endToEnd = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const topic = 'end-to-end'
    const records = scaled(20_000, bench)
    await createTopic(peer, broker, topic, 1)
    await runEndToEnd(broker.bootstrap, topic, records, kilobyte)
    const [last, cpu] = await withCpu(broker.pid, () =>
      runEndToEnd(broker.bootstrap, topic, records, kilobyte),
    )
    return [
      { name: 'average, ms', value: last.averageMs },
      { name: 'p99, ms', value: last.p99Ms },
      { name: 'p99.9, ms', value: last.p999Ms },
      { name: 'broker CPU us/message', value: (cpu / records) * 1e6 },
    ]
  })
