// A delay queue and the queue that its messages go to, on a simulated disk, with a model of what
// waits. Random messages with random delays; the node crashes and starts again. Everything follows
// from the seed.
import assert from 'node:assert/strict'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import type { MessageView } from '../../src/model/message/message.ts'
import { DelayQueue } from '../../src/queue/delayed/delay-queue.ts'
import type { Queue } from '../../src/queue/queue.ts'
import {
  delayedMessage,
  partitionSettings,
  TestConsumer,
  TestNode,
  textOf,
  topicOf,
} from './queue-fixture.ts'

const options = {
  pieceBytes: 20_000,
  unplacedBytes: 60_000,
  trimBytes: 4_000,
  trimEmptyBytes: 500,
  snapshotBytes: 300,
  markBytes: 5_000,
}

interface Waiting {
  readonly name: string
  readonly dueMs: number
  readonly place: number
  readonly life: number
  readonly isPersistent: boolean
  isConfirmed: boolean
}

const nameOf = (message: MessageView): string => textOf(message).split(' ')[0] as string

export class DelayWorld {
  readonly #chance: SimChance
  #clock = new SimClock()
  #disk: SimDisk
  #node!: TestNode
  #delays!: DelayQueue
  #target!: Queue
  /** All ever published, and those of them that are in the target. */
  readonly #all: Waiting[] = []
  #came = new Set<string>()
  #places = 0
  #life = 0

  get moved(): number {
    return this.#came.size
  }

  constructor(seed: number) {
    this.#chance = new SimChance(seed)
    this.#disk = new SimDisk(this.#clock, this.#chance, {})
  }

  async start(): Promise<void> {
    const clock = this.#clock
    this.#node = await clock.runUntil(TestNode.open(this.#disk, 2, 1, clock, options))
    this.#target = await clock.runUntil(this.#node.open(1))
    this.#came = await this.#names()
    const place = { topic: topicOf(0), name: 'delays', partitionSettings }
    const host = { due: (message: MessageView) => this.#due(message) }
    this.#delays = await clock.runUntil(DelayQueue.open(this.#node.queues, place, host))
  }

  /** What may wait; sure: it does. */
  get #waiting(): Waiting[] {
    return this.#all.filter(({ name }) => !this.#came.has(name))
  }

  #isSure(message: Waiting): boolean {
    return message.isConfirmed || message.life === this.#life
  }

  #due(message: MessageView): void {
    const name = nameOf(message)
    const found = this.#waiting.find((each) => each.name === name)
    assert(found, `${name} came, and does not wait`)
    assert(found.dueMs <= this.#clock.now(), `${name} came too early`)
    for (const other of this.#waiting) {
      const isEarlier =
        other.dueMs < found.dueMs || (other.dueMs === found.dueMs && other.place < found.place)
      assert(!this.#isSure(other) || !isEarlier, `${name} came before ${other.name}`)
    }
    this.#came.add(name)
    this.#target.publish(message)
  }

  async step(): Promise<void> {
    switch (this.#chance.int(8)) {
      case 0:
      case 1:
      case 2:
        this.#publish()
        break
      case 3:
        this.#flush()
        break
      case 4:
        if (this.#chance.oneIn(4)) this.#clock.jump(this.#chance.int(20_000) - 10_000)
        break
      default:
        await this.#clock.runFor(this.#chance.int(400))
    }
    if (this.#life === 0) assert.equal(this.#delays.waiting, this.#waiting.length)
  }

  #publish(): void {
    for (let n = this.#chance.int(8); n >= 0 && !this.#node.queues.isHeldUp(0); n--) {
      const isPersistent = !this.#chance.oneIn(4)
      const place = this.#places++
      const name = `${isPersistent ? 'm' : 't'}${place}`
      const delayMs = 1 + this.#chance.int(this.#chance.oneIn(10) ? 60_000 : 3_000)
      const dueMs = this.#clock.now() + delayMs
      const life = this.#life
      this.#all.push({ name, dueMs, place, life, isPersistent, isConfirmed: false })
      const filling = 'x'.repeat(this.#chance.int(this.#chance.oneIn(10) ? 5_000 : 100))
      const wishes = { transient: !isPersistent }
      this.#delays.publish(delayedMessage(`${name} ${filling}`, delayMs, wishes))
    }
    if (this.#chance.oneIn(2)) this.#node.queues.flush(null)
  }

  #flush(): void {
    const sure = this.#waiting.filter((each) => each.isPersistent && this.#isSure(each))
    this.#node.queues.flush(() => {
      for (const each of sure) each.isConfirmed = true
    })
  }

  // ---- Crashes ----------------------------------------------------------------------------------

  async crash(): Promise<void> {
    const wasMs = this.#clock.now()
    const isPowerCut = this.#chance.oneIn(2)
    this.#clock = new SimClock()
    // Time goes on while the node is down.
    this.#clock.jump(wasMs + this.#chance.int(2_000) - this.#clock.now())
    this.#disk = isPowerCut ? this.#disk.crash(this.#clock) : this.#disk.kill(this.#clock)
    this.#life++
    await this.start()
  }

  async restart(): Promise<void> {
    this.#flush()
    await this.#clock.runUntil(this.#close())
    this.#life++
    await this.start()
  }

  async #close(): Promise<void> {
    await this.#delays.stop()
    await this.#node.close()
  }

  /** Everything is due in the end: whatever was confirmed has come, once. */
  async finish(): Promise<void> {
    await this.#clock.runFor(200_000)
    assert.equal(this.#delays.waiting, 0)
    const names = await this.#names()
    for (const { name, isConfirmed } of this.#all)
      assert(!isConfirmed || names.has(name), `${name} was confirmed, and is lost`)
    await this.#clock.runUntil(this.#close())
  }

  /** What is in the target, which goes back there. */
  async #names(): Promise<Set<string>> {
    const { ready } = this.#target
    const drain = new TestConsumer()
    const wanted = { settled: false, exclusive: false, priority: 0 }
    const subscription = this.#target.consume(drain, wanted)
    subscription?.resume()
    await this.#clock.runUntil(drain.has(ready))
    subscription?.cancel()
    const names = drain.texts.map((text) => text.split(' ')[0] as string)
    assert.equal(new Set(names).size, names.length, 'a message came twice')
    for (const { id } of drain.got) this.#target.reject(id, true, false)
    return new Set(names)
  }
}
