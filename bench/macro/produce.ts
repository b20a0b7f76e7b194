// Closed-loop production by one Java client with batches: six partitions, acks=all, batch.size
// 65536, linger 5 ms. The third of three runs counts, so that both sides are warm.
import type { Peer, RunningPeer } from '../../scripts/peers/peer.ts'
import { type Bench, createTopic, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'
import { type Produced, produce as runProducer } from '../lib/perf-tools.ts'
import { memory, withCpu } from '../lib/proc.ts'

const runs = 3

interface Outcome extends Produced {
  readonly mbPerSecond: number
  readonly cpuSecondsPerGb: number
}

async function thirdRun(
  broker: RunningPeer,
  topic: string,
  recordBytes: number,
  records: number,
): Promise<Outcome> {
  const load = { topic, records, recordBytes, throughput: -1, batchBytes: 65_536, lingerMs: 5 }
  for (let run = 1; run < runs; run += 1) await runProducer(broker.bootstrap, load)
  const [last, cpu] = await withCpu(broker.pid, () => runProducer(broker.bootstrap, load))
  return {
    ...last,
    mbPerSecond: (last.recordsPerSecond * recordBytes) / 1e6,
    cpuSecondsPerGb: cpu / ((records * recordBytes) / 1e9),
  }
}

export const produce = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    await createTopic(peer, broker, 'small', 6)
    await createTopic(peer, broker, 'large', 6)
    const small = await thirdRun(broker, 'small', 100, scaled(5_000_000, bench))
    const large = await thirdRun(broker, 'large', kilobyte, scaled(1_000_000, bench))
    const { residentMb, peakMb } = memory(broker.pid)
    return [
      { name: '100 B: records/s', value: small.recordsPerSecond },
      { name: '100 B: broker CPU s/GB', value: small.cpuSecondsPerGb },
      { name: '1 KB: MB/s', value: large.mbPerSecond },
      { name: '1 KB: broker CPU s/GB', value: large.cpuSecondsPerGb },
      { name: 'resident memory after, MB', value: residentMb },
      { name: 'resident memory peak, MB', value: peakMb },
    ]
  })
