// What all actions of the simulation of queues share: the node that they act on, the model that
// looks on, the clients that are there, and what nobody waits for.
import type { NodeBroker } from '../../../src/broker/broker.ts'
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import type { Client } from './client.ts'
import type { QueuePlan } from './plan.ts'
import type { Watch } from './watch.ts'

export interface Scene {
  readonly chance: SimChance
  readonly plan: QueuePlan
  readonly watch: Watch
  readonly clock: SimClock
  readonly disk: SimDisk
  readonly node: NodeBroker
  /** Unique in the seed. */
  newName(vhost: string): string
}

export class Stage {
  readonly scene: Scene
  readonly clients: Client[] = []

  constructor(scene: Scene) {
    this.scene = scene
  }

  get vhosts(): readonly string[] {
    return this.scene.plan.vhosts
  }

  saw(what: string, times = 1): void {
    this.scene.watch.saw(what, times)
  }

  /** What nobody waits for; it may not fail. */
  let(run: () => Promise<unknown>): void {
    run().catch((cause: unknown) =>
      this.scene.watch.fail(`rejected: ${(cause as Error).stack ?? cause}`),
    )
  }

  pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.scene.chance.int(values.length)]
  }

  /** Settled: what was flushed until now is durable. Never, when the node dies before. */
  flush(): Promise<void> {
    const { node, watch } = this.scene
    return new Promise((resolve) => {
      let at = -1
      node.messaging.flush(() => {
        watch.saw('confirms')
        watch.confirm(at < 0 ? watch.event : at)
        resolve()
      })
      at = watch.event
    })
  }
}
