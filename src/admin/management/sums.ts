// The numbers of all queues, channels and connections added up for one page of metrics: looked at
// once for all families of the page, and in pieces, so that very many queues do not hold the event
// loop. Called by rabbitmq-metrics.ts.

import { queueType } from '../../broker/declarations/queue-arguments.ts'
import type { ExchangeCounters } from '../../broker/messaging/listings.ts'
import { addCounters, CountersByType } from '../../queue/queue-counters.ts'
import { channelFamilies, connectionFamilies } from './channel-metrics.ts'
import type { ManagedNode } from './managed-node.ts'
import { exchanged } from './numbers.ts'
import { queueFamilies } from './queue-metrics.ts'

/** Objects added in one go. */
const slice = 1000

/** Each number once, whatever families it is in. */
const metricsOf = <T extends readonly [unknown, string, ...unknown[]]>(
  families: ReadonlyMap<string, readonly T[]>,
): readonly T[] => [...new Map([...families.values()].flat().map((it) => [it[1], it])).values()]

export const queueMetrics = metricsOf(queueFamilies)
export const channelMetrics = metricsOf(channelFamilies)
export const connectionMetrics = metricsOf(connectionFamilies)

export class Added {
  /** By the name of the metric. */
  readonly numbers = new Map<string, number>()
  /** Those of queues that are gone, too. */
  readonly queues = new CountersByType()
  readonly exchanges: ExchangeCounters = { in: 0, out: 0 }
  /** Channels that have published. */
  publishers = 0
  consumers = 0

  of(name: string): number {
    return this.numbers.get(name) ?? 0
  }

  add<T>(
    metrics: readonly (readonly [unknown, string, unknown, (it: T) => number | null])[],
    it: T,
  ) {
    for (const [, name, , read] of metrics)
      this.numbers.set(name, (this.numbers.get(name) ?? 0) + (read(it) ?? 0))
  }

  addExchanges({ in: came, out }: ExchangeCounters): void {
    this.exchanges.in += came
    this.exchanges.out += out
  }
}

export class Sums {
  readonly #node: ManagedNode
  /** As they were last looked at. */
  now = new Added()

  constructor(node: ManagedNode) {
    this.#node = node
  }

  /** Looks at all; gives way at each null. */
  *look(): Generator<null> {
    const sum = new Added()
    const { messaging } = this.#node
    sum.queues.add(messaging.past)
    sum.addExchanges(messaging.pastExchanges)
    const { delivered, accepted } = messaging.streamCounters
    sum.queues.stream.delivered += delivered
    sum.queues.stream.accepted += accepted
    let count = 0
    for (const core of messaging.counting) {
      sum.queues.add(core.past)
      sum.addExchanges(exchanged(core))
      for (const hosted of core.queues.values()) {
        if (++count % slice === 0) yield null
        if (hosted.used === null) continue
        addCounters(sum.queues[queueType(hosted.definition.arguments)], hosted.used.counters)
        sum.add(queueMetrics, hosted)
      }
      for (const stream of core.streams.values()) {
        if (++count % slice === 0) yield null
        sum.add(queueMetrics, stream)
      }
    }
    for (const { view } of messaging.sessions) {
      if (view === undefined) continue
      sum.add(connectionMetrics, view)
      for (const channel of view.channels()) {
        if (++count % slice === 0) yield null
        sum.add(channelMetrics, channel)
        sum.consumers += channel.consumerCount
        if (channel.counters.published > 0) sum.publishers++
      }
    }
    this.now = sum
  }
}
