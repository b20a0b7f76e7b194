// Two queues of one node on a simulated disk, and their models: what the first rejects goes to the
// second. Random clients publish, take, settle, give back; the node crashes, and what it finds then
// is held against what was promised. Everything follows from the seed.
import assert from 'node:assert/strict'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import type { MessageView } from '../../src/model/message/message.ts'
import type { Consumer, Subscription } from '../../src/queue/consumer.ts'
import type { Queue } from '../../src/queue/queue.ts'
import { messageOf, TestConsumer, TestNode, textOf } from './queue-fixture.ts'
import { QueueModel } from './queue-model.ts'

const options = {
  keptBytes: 8_000,
  pieceBytes: 20_000,
  unplacedBytes: 60_000,
  trimBytes: 4_000,
  trimEmptyBytes: 500,
  snapshotBytes: 600,
  markBytes: 5_000,
}

/** One queue, its model, and the consumer that holds one against the other. */
class Pair implements Consumer {
  readonly queue: Queue
  readonly model: QueueModel
  readonly subscription: Subscription
  room = 0

  constructor(queue: Queue, model: QueueModel) {
    this.queue = queue
    this.model = model
    const wanted = { settled: false, exclusive: false, priority: 0 }
    const subscription = queue.consume(this, wanted)
    assert(subscription !== null)
    this.subscription = subscription
  }

  deliver(id: number, message: MessageView, redelivered: boolean, failures: number): void {
    this.room--
    const wrong = this.model.delivered(id, nameOf(message), redelivered, failures)
    assert.equal(wrong, null)
  }

  cancelled(): void {
    assert.fail('nobody cancels')
  }
}

/** A body is its name, a blank, and filling. */
const nameOf = (message: MessageView): string => textOf(message).split(' ')[0] as string

/** Moved to it, and on their way to a consumer. */
const arrivingAt = ({ queue, model }: Pick<Pair, 'queue' | 'model'>): number =>
  queue.inFlight - model.inFlight.size - model.leaving.size

export class ModelWorld {
  readonly #chance: SimChance
  #clock = new SimClock()
  #disk: SimDisk
  #node!: TestNode
  #pairs: Pair[] = []
  /** While a start is looked at: where letters go that were on their way. */
  #recovering: Queue | null = null
  /** Of both queues: accepted or purged, wherever. */
  readonly #ended = new Set<string>()
  #names = 0
  crashes = 0
  messages = 0

  constructor(seed: number) {
    this.#chance = new SimChance(seed)
    this.#disk = new SimDisk(this.#clock, this.#chance, {})
  }

  async start(): Promise<void> {
    this.#node = await this.#open()
    const [first, second] = await this.#queues()
    this.#pairs = [new Pair(first, new QueueModel()), new Pair(second, new QueueModel())]
  }

  async #open(): Promise<TestNode> {
    return this.#clock.runUntil(TestNode.open(this.#disk, 2, 1, this.#clock, options))
  }

  async #queues(): Promise<[Queue, Queue]> {
    const host = {
      deadLetter: (_: unknown, message: MessageView) => this.#moved(message),
      unused: () => assert.fail('nothing expires'),
      consumerLeft: () => assert.fail('nobody is late'),
    }
    const second = await this.#clock.runUntil(this.#node.open(1))
    this.#recovering = second
    const first = await this.#clock.runUntil(this.#node.open(0, { deadLetters: true }, host))
    while (first.inFlight > 0) await this.#clock.run(20)
    this.#recovering = null
    return [first, second]
  }

  #moved(message: MessageView): boolean {
    if (this.#recovering !== null) {
      this.#recovering.publish(message)
      return true
    }
    const [from, to] = this.#pairs as [Pair, Pair]
    from.model.settled.add(nameOf(message))
    from.model.leaving.delete(nameOf(message))
    to.model.publish(nameOf(message), message.isPersistent)
    to.queue.publish(message)
    return true
  }

  // ---- Steps ------------------------------------------------------------------------------------

  async step(): Promise<void> {
    const pair = this.#pairs[this.#chance.int(2)] as Pair
    switch (this.#chance.int(12)) {
      case 0:
      case 1:
      case 2:
        this.#publish()
        break
      case 3:
      case 4:
        pair.room = this.#chance.int(8)
        pair.subscription.resume()
        break
      case 5:
      case 6:
        for (let n = this.#chance.int(5); n > 0; n--) this.#settle(pair)
        break
      case 7:
        this.#giveBack(pair)
        break
      case 8:
        if (this.#chance.oneIn(25)) this.#purge(pair)
        break
      case 9:
        this.#flush()
        break
      default:
        await this.#clock.run(this.#chance.int(30))
    }
    this.#check()
  }

  #publish(): void {
    const [{ queue, model }] = this.#pairs as [Pair, Pair]
    for (let n = this.#chance.int(6); n >= 0 && !this.#node.queues.isHeldUp(0); n--) {
      const isTransient = this.#chance.oneIn(4)
      const name = `${isTransient ? 't' : 'm'}${this.#names++}`
      model.publish(name, !isTransient)
      this.messages++
      const filling = 'x'.repeat(this.#chance.int(this.#chance.oneIn(10) ? 5_000 : 100))
      queue.publish(messageOf(`${name} ${filling}`, { transient: isTransient }))
    }
    if (this.#chance.oneIn(2)) this.#node.queues.flush(null)
  }

  #drawFlying({ model }: Pair): number | null {
    const ids = [...model.inFlight.keys()]
    return ids.length === 0
      ? null
      : (ids[this.#chance.oneIn(2) ? 0 : this.#chance.int(ids.length)] as number)
  }

  #settle(pair: Pair): void {
    const id = this.#drawFlying(pair)
    if (id === null) return
    this.#ended.add(pair.model.accept(id))
    pair.queue.accept(id)
  }

  #giveBack(pair: Pair): void {
    const id = this.#drawFlying(pair)
    if (id === null) return
    const failed = this.#chance.oneIn(2)
    const isFirst = pair === this.#pairs[0]
    if (isFirst && this.#chance.oneIn(2)) pair.model.leave(id)
    else {
      pair.model.requeue(id, failed)
      pair.queue.reject(id, true, failed)
      return
    }
    pair.queue.reject(id, false, failed)
  }

  #purge({ queue, model }: Pair): void {
    // What has been moved is taken for a consumer before it is delivered.
    if (arrivingAt({ queue, model }) > 0) return
    for (const { text } of model.ready) this.#ended.add(text)
    const count = model.ready.length
    model.purge()
    assert.equal(queue.purge(), count)
  }

  #flush(): void {
    const promises = this.#pairs.map(({ model }) => model.promise())
    this.#node.queues.flush(() => {
      for (const keep of promises) keep()
    })
  }

  #check(): void {
    for (const { queue, model } of this.#pairs) {
      const arriving = arrivingAt({ queue, model })
      assert.ok(arriving >= 0)
      assert.equal(queue.ready + arriving, model.ready.length)
    }
  }

  // ---- Crashes ----------------------------------------------------------------------------------

  async crash(): Promise<void> {
    this.crashes++
    const isPowerCut = this.#chance.oneIn(2)
    this.#clock = new SimClock()
    this.#disk = isPowerCut ? this.#disk.crash(this.#clock) : this.#disk.kill(this.#clock)
    await this.#found()
  }

  /** Everything that was done is flushed, and the node ends as it should. */
  async restart(): Promise<void> {
    this.#flush()
    await this.#clock.runUntil(this.#node.close())
    await this.#found()
  }

  async #found(): Promise<void> {
    this.#node = await this.#open()
    const queues = await this.#queues()
    const found: Map<string, number>[] = []
    const models = this.#pairs.map(({ model }) => model)
    const drains: TestConsumer[] = []
    for (const queue of queues) drains.push(await this.#drain(queue))
    this.#pairs = queues.map((queue, i) => {
      const drain = drains[i] as TestConsumer
      const model = (models[i] as QueueModel).restarted(drain.got)
      found.push(new Map(drain.texts.map((text, n) => [text.split(' ')[0] as string, n])))
      return new Pair(queue, model)
    })
    for (const [i, names] of found.entries()) {
      const before = models[i] as QueueModel
      assert.equal(names.size, drains[i]?.got.length, `queue ${i}: a message is there twice`)
      for (const name of before.durablySettled)
        assert(!names.has(name), `queue ${i}: ${name} was settled durably, and is back`)
      for (const name of before.durable)
        assert(
          names.has(name) || before.settled.has(name) || before.leaving.has(name),
          `queue ${i}: ${name} was confirmed, and is lost`,
        )
    }
    this.#checkMoves(found as [Map<string, number>, Map<string, number>], models)
    for (const [i, queue] of queues.entries())
      for (const { id } of drains[i]?.got ?? []) queue.reject(id, true, false)
    this.#check()
  }

  #checkMoves(
    [first, second]: [Map<string, number>, Map<string, number>],
    models: QueueModel[],
  ): void {
    for (const name of first.keys()) assert(!second.has(name), `${name} is in both queues`)
    for (const model of models)
      for (const name of model.durable)
        if (!this.#ended.has(name))
          assert(first.has(name) || second.has(name), `${name} was lost on its way`)
  }

  /** Takes all that is ready. */
  async #drain(queue: Queue): Promise<TestConsumer> {
    const { ready, readyBytes } = queue
    const drain = new TestConsumer()
    const subscription = queue.consume(drain, { settled: false, exclusive: false, priority: 0 })
    subscription?.resume()
    await this.#clock.runUntil(drain.has(ready))
    subscription?.cancel()
    assert.equal(queue.ready, 0)
    const bytes = drain.texts.reduce((n, text) => n + text.length, 0)
    assert.equal(readyBytes, bytes, 'the bytes of what is ready')
    return drain
  }
}
