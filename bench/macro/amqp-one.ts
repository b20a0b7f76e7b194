// One message in flight: each is sent when the one before it is confirmed. What a confirm costs.
import type { Peer } from '../../scripts/peers/peer.ts'
import { load } from '../amqp/run-load.ts'
import { type Bench, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'

const messagesFull = 20_000
const warmupFull = 5_000

export const amqpOne = async (peer: Peer, bench: Bench): Promise<Row[]> => {
  const rows: Row[] = []
  for (const persistent of [true, false])
    await withBroker(peer, bench, async (broker) => {
      const result = await load(broker, {
        ...{ do: 'latency', bytes: kilobyte, persistent },
        ...{ warmup: scaled(warmupFull, bench), messages: scaled(messagesFull, bench) },
      })
      const name = persistent ? 'persistent' : 'transient'
      rows.push({ name: `${name}: confirm p50, ms`, value: result.p50Ms })
      rows.push({ name: `${name}: confirm p99, ms`, value: result.p99Ms })
    })
  return rows
}
