// Messages that wait: what they cost in memory, how fast they come and go, what the next publisher
// notices of ten million of them, and how soon a killed broker has them again. All are persistent,
// 1 KB, confirmed in a window of 1,000.
import type { Peer, RunningPeer } from '../../scripts/peers/peer.ts'
import type { Fill, RateResult } from '../amqp/load.ts'
import { load } from '../amqp/run-load.ts'
import { type Bench, kilobyte, type Row, scaled, withBroker, withDir } from '../lib/measure.ts'
import { memory, untilQuiet } from '../lib/proc.ts'

const million = 1_000_000
const readyMsMax = 600_000

const fill = (broker: RunningPeer, messages: number): Promise<RateResult> => {
  const task: Fill = { do: 'fill', bytes: kilobyte, persistent: true, messages }
  return load(broker, task)
}

const waiting = async (broker: RunningPeer): Promise<number> =>
  (await load(broker, { do: 'count' })).messages

/** Memory is taken when the broker is quiet, after a warm-up that came and went. */
export const amqpBacklog = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const messages = scaled(million, bench)
    const warmup = Math.ceil(messages / 20)
    await fill(broker, warmup)
    await load(broker, { do: 'drain', messages: warmup })
    await untilQuiet(broker.pid)
    const before = memory(broker.pid).residentMb
    const filled = await fill(broker, messages)
    await untilQuiet(broker.pid)
    const { residentMb, peakMb } = memory(broker.pid)
    const drained = await load(broker, { do: 'drain', messages })
    return [
      { name: 'fill: messages/s', value: filled.perSecond },
      { name: 'fill: broker CPU us/message', value: filled.brokerCpuMicros },
      { name: 'memory added, MB', value: residentMb - before },
      { name: 'memory at most, MB', value: peakMb },
      { name: 'drain: messages/s', value: drained.perSecond },
      { name: 'drain: broker CPU us/message', value: drained.brokerCpuMicros },
      { name: 'messages left behind', value: await waiting(broker) },
    ]
  })

/** The rate of the same load on an empty queue and behind ten million. */
export const amqpDeep = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withBroker(peer, bench, async (broker) => {
    const deep = scaled(10 * million, bench)
    const probe = scaled(200_000, bench)
    await fill(broker, probe)
    await load(broker, { do: 'drain', messages: probe })
    const empty = await fill(broker, probe)
    await fill(broker, deep - probe)
    await untilQuiet(broker.pid)
    const behind = await fill(broker, probe)
    return [
      { name: 'on an empty queue: messages/s', value: empty.perSecond },
      { name: 'behind ten million: messages/s', value: behind.perSecond },
      { name: 'behind ten million against empty', value: behind.perSecond / empty.perSecond },
      { name: 'memory behind ten million, MB', value: memory(broker.pid).residentMb },
      { name: 'messages missing', value: deep + probe - (await waiting(broker)) },
    ]
  })

/** The messages are counted afterwards, for a fast recovery that forgets is none. */
export const amqpCrash = (peer: Peer, bench: Bench): Promise<Row[]> =>
  withDir(bench, async (dataDir) => {
    const messages = scaled(million, bench)
    const first = await peer.start(dataDir)
    try {
      await fill(first, messages)
    } finally {
      await first.kill()
    }
    const second = await peer.start(dataDir, { readyMsMax })
    try {
      const lost = messages - (await waiting(second))
      return [
        { name: 'kill -9 to ready again, ms', value: second.readyMs },
        { name: 'confirmed messages lost', value: lost },
      ]
    } finally {
      await second.kill()
    }
  })
