// How long a start takes and what an idle broker holds: a fresh data directory, nothing connected.
import type { Peer } from '../../scripts/peers/peer.ts'
import { type Bench, type Row, withBroker } from '../lib/measure.ts'
import { memory, untilQuiet } from '../lib/proc.ts'

export const start = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    await untilQuiet(broker.pid)
    return [
      { name: 'exec to ready, ms', value: broker.readyMs },
      { name: 'resident memory idle, MB', value: memory(broker.pid).residentMb },
    ]
  })
