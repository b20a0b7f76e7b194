// What waits costs memory: a connection with a channel and a queue, both without any traffic. As
// many come first, for what is only taken once, such as the young generation of an engine that
// collects garbage: it has its full size behind some thousand declarations.
import type { Peer } from '../../scripts/peers/peer.ts'
import type { Idle } from '../amqp/load.ts'
import { holding } from '../amqp/run-load.ts'
import { type Bench, type Row, withBroker } from '../lib/measure.ts'
import { memory, untilQuiet } from '../lib/proc.ts'

const connectionsFull = 4_000
const queuesFull = 10_000
const least = 100

const kilobytesOfEach = (peer: Peer, bench: Bench, what: Idle['do'], full: number) =>
  withBroker(peer, bench, async (broker) => {
    const count = Math.max(least, Math.round(full * bench.scale))
    const residentMb = async (): Promise<number> => {
      await untilQuiet(broker.pid)
      return memory(broker.pid).residentMb
    }
    await holding(broker, { do: what, count }, residentMb)
    const before = await residentMb()
    // The first queues are there still; the first connections have gone.
    const all = what === 'queues' ? 2 * count : count
    const after = await holding(broker, { do: what, count: all }, residentMb)
    return ((after - before) * 1000) / count
  })

export const amqpIdle = async (peer: Peer, bench: Bench): Promise<Row[]> => [
  {
    name: 'a connection with a channel, KB',
    value: await kilobytesOfEach(peer, bench, 'connections', connectionsFull),
  },
  {
    name: 'a durable queue, KB',
    value: await kilobytesOfEach(peer, bench, 'queues', queuesFull),
  },
]
