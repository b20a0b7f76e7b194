// A node in virtual time, and its queues with a host that notes what it is told.
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import type { Queue } from '../../src/queue/queue.ts'
import type { QueueOptions } from '../../src/queue/queue-options.ts'
import type { QueueSettings } from '../../src/queue/queue-settings.ts'
import { messageOf, TestHost, TestNode } from './queue-fixture.ts'

export class Rig {
  clock = new SimClock()
  disk = new SimDisk(this.clock, new SimChance(1), {})
  readonly host = new TestHost()
  node!: TestNode
  #options: Partial<QueueOptions> = {}

  static async of(lanes = 1, options: Partial<QueueOptions> = {}): Promise<Rig> {
    const rig = new Rig()
    rig.#options = options
    await rig.#open(lanes)
    return rig
  }

  async #open(lanes: number): Promise<void> {
    this.node = await this.clock.runUntil(
      TestNode.open(this.disk, 2, lanes, this.clock, this.#options),
    )
  }

  open(settings: Partial<QueueSettings> = {}, n = 0): Promise<Queue> {
    return this.clock.runUntil(this.node.open(n, { deadLetters: true, ...settings }, this.host))
  }

  async passed(ms: number): Promise<void> {
    await this.clock.runFor(ms)
  }

  async turn(): Promise<void> {
    this.node.queues.flush(null)
    await this.clock.run(50)
  }

  async restarted(lanes = 1): Promise<void> {
    await this.clock.runUntil(this.node.close())
    await this.#open(lanes)
  }

  /** The node is killed at once; time goes on. */
  async crashed(): Promise<void> {
    const clock = new SimClock()
    clock.jump(this.clock.now() - clock.now())
    this.disk = this.disk.crash(clock)
    this.clock = clock
    await this.#open(1)
  }
}

export const publishAll = (queue: Queue, ...texts: string[]): number[] =>
  texts.map((text) => queue.publish(messageOf(text)))
