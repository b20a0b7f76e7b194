// Messages through one queue as fast as they go, in and out at once. The broker's CPU per message
// is the figure that counts: client and broker share the machine.
import type { Peer } from '../../scripts/peers/peer.ts'
import type { Flow, FlowResult } from '../amqp/load.ts'
import { load } from '../amqp/run-load.ts'
import { type Bench, kilobyte, type Row, withBroker } from '../lib/measure.ts'
import { memory } from '../lib/proc.ts'

const secondsFull = 10
const warmSecondsFull = 3
const secondsMin = 1

const timing = (bench: Bench): Pick<Flow, 'seconds' | 'warmSeconds'> => ({
  seconds: Math.max(secondsMin, secondsFull * bench.scale),
  warmSeconds: Math.max(secondsMin, warmSecondsFull * bench.scale),
})

const transient = (bench: Bench, bytes: number): Flow => ({
  ...{ do: 'flow', publishers: 1, consumers: 1, window: 0, ackEvery: 0 },
  ...{ bytes, persistent: false, ...timing(bench) },
})

const confirmed = (bench: Bench): Flow => ({
  ...{ do: 'flow', publishers: 1, consumers: 1, window: 1_000, ackEvery: 1 },
  ...{ bytes: kilobyte, persistent: true, ...timing(bench) },
})

const rowsOf = (name: string, result: FlowResult): Row[] => [
  { name: `${name}: messages/s`, value: result.perSecond },
  { name: `${name}: broker CPU us/message`, value: result.brokerCpuMicros },
  { name: `${name}: client CPU us/message`, value: result.clientCpuMicros },
]

/** Each size on a broker of its own. */
export const amqpTransient = async (peer: Peer, bench: Bench): Promise<Row[]> => {
  const rows: Row[] = []
  for (const bytes of [16, kilobyte])
    await withBroker(peer, bench, async (broker) => {
      const name = bytes === 16 ? '16 B' : '1 KB'
      rows.push(...rowsOf(name, await load(broker, transient(bench, bytes))))
      rows.push({ name: `${name}: memory at most, MB`, value: memory(broker.pid).peakMb })
    })
  return rows
}

export const amqpConfirm = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const result = await load(broker, confirmed(bench))
    return [
      ...rowsOf('1 KB', result),
      { name: '1 KB: all CPU but the client, us/message', value: result.machineCpuMicros },
      { name: '1 KB: memory at most, MB', value: memory(broker.pid).peakMb },
    ]
  })

/** What a second publisher and a second consumer on the same queue bring. */
export const amqpTwo = async (peer: Peer, bench: Bench): Promise<Row[]> => {
  const rows: Row[] = []
  const loads: [string, Flow][] = [
    ['transient', transient(bench, kilobyte)],
    ['persistent', confirmed(bench)],
  ]
  for (const [name, flow] of loads) {
    const rate = async (count: number): Promise<number> =>
      withBroker(peer, bench, async (broker) => {
        const task = { ...flow, publishers: count, consumers: count }
        return (await load(broker, task)).perSecond
      })
    const one = await rate(1)
    const two = await rate(2)
    rows.push({ name: `${name}, 1 and 1: messages/s`, value: one })
    rows.push({ name: `${name}, 2 and 2: messages/s`, value: two })
    rows.push({ name: `${name}: 2 and 2 against 1 and 1`, value: two / one })
  }
  return rows
}
