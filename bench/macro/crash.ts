// Recovery: 5 GB in 10,000 partitions, all acknowledged, then SIGKILL, then a start on what is
// left. The records are counted afterwards, for a fast recovery that forgets is none.
import type { Peer, RunningPeer } from '../../scripts/peers/peer.ts'
import { type Bench, type Row, scaled, withDir } from '../lib/measure.ts'
import { countRecords, createMany, spread } from '../lib/topic-load.ts'

const topicsFull = 10_000
const recordBytes = 10_000
const recordsFull = 500_000
const readyMsMax = 600_000

const fill = (broker: RunningPeer, topics: number, records: number) =>
  spread(broker, {
    ...{ topics, records: records - topics, warmup: topics, rate: 0, recordBytes },
    ...{ producers: 1, config: {} },
  })

export const crash = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withDir(bench, async (dataDir) => {
    const topics = scaled(topicsFull, bench)
    const records = Math.max(2 * topics, scaled(recordsFull, bench))
    const first = await peer.start(dataDir)
    try {
      await createMany(peer, first, topics)
      await fill(first, topics, records)
    } finally {
      await first.kill()
    }
    const second = await peer.start(dataDir, { readyMsMax })
    try {
      const lost = records - (await countRecords(second, topics))
      return [
        { name: 'kill -9 to ready again, ms', value: second.readyMs },
        { name: 'acknowledged records lost', value: lost },
      ]
    } finally {
      await second.kill()
    }
  })
