// What the metrics door knows of the node it stands in: from the first moment of recovery, when
// there are only the process's numbers, until the last moment of the drain. The composition root
// makes it and tells it what has happened.
import type { Broker } from '../broker/api.ts'
import { LoopWatch, processStats } from '../io/process-stats.ts'
import { ok, type Result } from '../model/errors.ts'
import { clusterMetrics, type DoorNumbers, doorMetrics } from './door-metrics.ts'
import { groupMetrics } from './group-metrics.ts'
import type { Health } from './metrics-door.ts'
import { type NodeCounters, nodeMetrics, processMetrics } from './node-metrics.ts'
import type { Family } from './prometheus.ts'
import { topicMetrics } from './topic-metrics.ts'

/** Numbers of single objects, of which there may be many. */
export interface ObjectFamilies {
  readonly objects: readonly Family[]
  /** Those that the query of a scrape names. */
  detailed(query: string): Promise<Result<readonly Family[]>>
}

export class NodeWatch implements Health {
  readonly #version: string
  readonly #loop = new LoopWatch()
  #state: 'recovering' | 'ready' | 'stopping' = 'recovering'
  #failure: string | null = null
  #nodeFamilies: readonly Family[] = []
  #objects: ObjectFamilies | null = null
  #space: NodeCounters['space'] | null = null

  constructor(version: string) {
    this.#version = version
  }

  /** Recovery is done, and every door is open. */
  ready(
    broker: Broker,
    counters: NodeCounters,
    kafka: DoorNumbers | null,
    more: ObjectFamilies & { readonly families: readonly Family[] },
  ): void {
    this.#objects = more
    this.#state = 'ready'
    this.#space = counters.space
    this.#nodeFamilies = [
      ...clusterMetrics(broker.nodeId, kafka?.advertised ?? null),
      ...topicMetrics(broker),
      ...groupMetrics(broker),
      ...nodeMetrics(counters),
      ...(kafka === null ? [] : doorMetrics(kafka)),
      ...more.families,
    ]
  }

  /** A write or a sync failed; that does not heal. */
  failed(cause: unknown): void {
    this.#failure = cause instanceof Error ? cause.message : String(cause)
  }

  stopping(): void {
    this.#state = 'stopping'
    this.#loop.stop()
  }

  unhealthy(): string | null {
    return this.#failure === null ? null : `the log has failed: ${this.#failure}`
  }

  unready(): string | null {
    return this.#state === 'ready' ? null : this.#state
  }

  limited(): string | null {
    return this.#space?.isLow === true ? this.#space.lowText() : null
  }

  objects(): readonly Family[] {
    return this.#objects?.objects ?? []
  }

  async detailed(query: string): Promise<Result<readonly Family[]>> {
    return this.#objects?.detailed(query) ?? ok([])
  }

  families(): readonly Family[] {
    const process = processMetrics(this.#version, processStats, () => this.#loop.take())
    return [...process, ...this.#nodeFamilies]
  }
}
