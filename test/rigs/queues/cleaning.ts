// A topic of the simulation of queues that is compacted while queues are over it: few keys, short
// segments, and a cleaner that comes by when it is drawn, one pass at a time. What it may take the
// model of the stream says. And queues whose settled messages are written out of their logs, which
// nobody may notice.
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { Stage } from './stage.ts'
import type { StreamModel } from './stream-model.ts'
import { topicName } from './topology.ts'

const keys = 4

/** The node's own upkeep leaves it to the simulation, which knows when nothing is cleaned. */
export const cleanerRests: readonly [string, string] = ['log.cleaner.enable', 'false']

/** From two keys at a time to more than there are. */
const keyMapBytes = [50, 200, 1 << 16] as const

/** Of a message. */
export const messageKey = (chance: SimChance): string => `c${chance.int(keys)}`

/** Of what a Kafka client appends: of several partitions each has its own. */
export const recordKey = (
  chance: SimChance,
  { partitions }: StreamModel,
  partition: number,
): string => (partitions === 1 ? messageKey(chance) : `p${partition}${chance.int(keys)}`)

export class Cleaning {
  readonly #stage: Stage
  #isBusy = false
  /** Resolves when nothing is cleaned: no node ends before. */
  done: Promise<void> = Promise.resolve()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  clean(): void {
    this.#run(() => this.#clean())
  }

  reclaim(): void {
    this.#run(() => this.#reclaim())
  }

  #run(work: () => Promise<void>): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#stage.let(() => {
      this.done = work().then(() => {
        this.#isBusy = false
      })
      return this.done
    })
  }

  async #reclaim(): Promise<void> {
    const { node, chance, plan } = this.#stage.scene
    const { store, image, messaging } = node
    const topic = image.topic(topicName)
    for (const log of store.all)
      if (log.topic !== topic?.id)
        log.settings = { ...log.settings, segmentBytes: plan.reclaimedBytes }
    if (chance.oneIn(2)) await store.flush()
    const { reclaims } = store.reclaimer.counters
    await messaging.queues.reclaim()
    if (chance.oneIn(4)) await store.cleaner.merge(store.all)
    if (chance.oneIn(4)) await store.reclaimer.sweep(store.all)
    this.#stage.saw('reclaims', store.reclaimer.counters.reclaims - reclaims)
  }

  async #clean(): Promise<void> {
    const { node, chance, plan, clock } = this.#stage.scene
    const { store } = node
    const topic = node.image.topic(topicName)
    const logs = [...store.all].filter(({ topic: id }) => id === topic?.id)
    // Shorter than a client may ask for.
    for (const log of logs) log.settings = { ...log.settings, segmentBytes: plan.compactedBytes }
    if (chance.oneIn(2)) await store.flush()
    const before = store.cleaner.counters.cleanings
    const bytes = this.#stage.pick(keyMapBytes) ?? 200
    if (chance.oneIn(5)) await store.cleaner.merge(logs)
    else await store.cleaner.clean(logs, clock.now(), bytes)
    this.#stage.saw('cleanings', store.cleaner.counters.cleanings - before)
  }
}
