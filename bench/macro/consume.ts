// Reading a backlog of 1 KB records from six partitions with one consumer, once after a warm-up
// that reads a fifth of it. The page cache may hold the data: it was written a moment ago. What a
// reader meets who comes a day later is measured with a page cache that was emptied before.
import { writeFile } from 'node:fs/promises'
import { run } from '../../scripts/peers/child.ts'
import type { Peer } from '../../scripts/peers/peer.ts'
import { type Bench, createTopic, kilobyte, type Row, scaled, withBroker } from '../lib/measure.ts'
import { produce, consume as runConsumer } from '../lib/perf-tools.ts'
import { untilQuiet, withCpu } from '../lib/proc.ts'

const topic = 'backlog'

/** Needs root. */
async function emptyPageCache(): Promise<void> {
  await run('sync', [])
  await writeFile('/proc/sys/vm/drop_caches', '1')
}

const backlogOf = (
  peer: Peer,
  bench: Bench,
  gigabytes: number,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const records = scaled((gigabytes * 1e9) / kilobyte, bench)
    await createTopic(peer, broker, topic, 6)
    await produce(broker.bootstrap, {
      ...{ topic, records, recordBytes: kilobyte, throughput: -1 },
      ...{ batchBytes: 65_536, lingerMs: 5 },
    })
    await untilQuiet(broker.pid)
    await runConsumer(broker.bootstrap, topic, Math.ceil(records / 5))
    await prepare()
    const [read, cpu] = await withCpu(broker.pid, () =>
      runConsumer(broker.bootstrap, topic, records),
    )
    return [
      { name: 'MB/s', value: read.bytes / 1e6 / read.seconds },
      { name: 'broker CPU s/GB', value: cpu / (read.bytes / 1e9) },
    ]
  })

/** 1 GB. */
export const consume = (peer: Peer, bench: Bench): Promise<Row[]> => backlogOf(peer, bench, 1)

/** 5 GB: more than a journal or a tail cache keeps. */
export const backlog = (peer: Peer, bench: Bench): Promise<Row[]> => backlogOf(peer, bench, 5)

/** The same, from the disk. */
export const backlogCold = (peer: Peer, bench: Bench): Promise<Row[]> =>
  backlogOf(peer, bench, 5, emptyPageCache)
