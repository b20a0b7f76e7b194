// A disk in the simulation of queues that others fill up, and that gets room again. While the node
// knows of it nobody may publish, and what is taken by itself says so; afterwards everything has to
// go on as before: publishing, settling, and what waited.
import { messageTo } from '../../broker/messaging-fixture.ts'
import { batchOf } from '../../log/log-fixture.ts'
import type { Actions } from './actions.ts'
import type { Scene } from './stage.ts'

/** Less than this left, and records are refused. What is there then is enough for all the rest. */
export const freeBytesMin = 8 << 20
/** The node looks every second. */
const lookMs = 1500
/** By then whoever waits must have been told. */
const waitMs = 5000

export class Filling {
  readonly #scene: Scene
  readonly #actions: Actions

  constructor(actions: Actions) {
    this.#scene = actions.stage.scene
    this.#actions = actions
  }

  /** False: it is to die before there is room again. */
  async run(): Promise<boolean> {
    const { chance, disk, clock, node, watch } = this.#scene
    watch.saw('full disks')
    disk.setCapacity(disk.usedBytes + freeBytesMin / 2)
    await clock.runFor(lookMs)
    watch.isFull = true
    const { messaging } = node
    if (!messaging.isHeldUp(0) || messaging.alarm !== 'disk')
      watch.fail('the disk is full, and who publishes is not stopped')
    let isTaken = false
    messaging.whenTaken(() => {
      isTaken = true
      if (watch.isFull) watch.fail('who publishes may go on, and the disk is full')
    })
    for (let n = chance.int(40); n > 0; n--) {
      this.#actions.step()
      await clock.run(chance.int(12))
    }
    this.#appendInVain()
    if (chance.oneIn(4)) return false
    await this.#makeRoom()
    await clock.runFor(waitMs)
    if (!isTaken || messaging.isHeldUp(0) || messaging.alarm !== null)
      watch.fail('the disk has room again, and who publishes is not told')
    await this.#goOn()
    return true
  }

  /** What the node learns later, and then takes messages, it may take. */
  async #makeRoom(): Promise<void> {
    const { disk, watch } = this.#scene
    watch.isFull = false
    disk.setCapacity(Number.POSITIVE_INFINITY)
  }

  /** What Kafka's clients send to a queue is refused too, and what anybody has for a stream. */
  #appendInVain(): void {
    const { node, watch, clock, newName } = this.#scene
    // The watch fails where one takes it.
    for (const { name: vhost, streams } of node.messaging.vhosts.values())
      for (const stream of streams.values())
        stream.publish(messageTo('', stream.name, `${newName(vhost)}-5 xxxxx`))
    for (const [name, { vhost }] of watch.hosted.size > 0 ? watch.queues : []) {
      const topic = node.image.topic(name)
      if (vhost !== '/' || topic?.kind !== 'queue') continue
      const batch = batchOf([`${newName(vhost)}-5 kafka`], null, clock.now())
      node.logs.append([{ topic, partition: 0 as never, batch }], 'all', ([outcome]) => {
        if (outcome?.error === null) watch.fail(`${name} takes a batch, and the disk is full`)
        watch.saw('Kafka batches refused by a full disk')
      })
      return
    }
  }

  /** Settlements and publishes are confirmed. */
  async #goOn(): Promise<void> {
    const { clock, watch } = this.#scene
    for (let n = 0; n < 8; n++) this.#actions.goOn()
    let isDurable = false
    this.#actions.stage.flush().then(
      () => {
        isDurable = true
      },
      () => undefined,
    )
    await clock.runFor(waitMs)
    if (!isDurable) watch.fail('the disk has room again, and nothing is confirmed')
    watch.saw('disks with room again')
  }
}
