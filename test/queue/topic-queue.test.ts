// A queue over a topic against a naive reference, under a seed: producers, consumers that settle in
// any order, retention, partitions that are added, and lives that end.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Subscription } from '../../src/broker/messaging/api.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { partitionId } from '../../src/model/ids.ts'
import {
  confirmed,
  consume,
  queueWish,
  sessionOf,
  TestConsumer,
  table,
  value,
  withMessaging,
} from '../broker/messaging-fixture.ts'
import { batchOf } from '../log/log-fixture.ts'

/** What became of a record: bodies are `partition/offset`. */
class Reference {
  readonly ends: number[]
  readonly starts: number[]
  readonly settled = new Set<string>()

  constructor(partitions: number) {
    this.ends = Array(partitions).fill(0)
    this.starts = Array(partitions).fill(0)
  }

  isThere(body: string): boolean {
    const [partition, offset] = body.split('/').map(Number) as [number, number]
    return offset >= (this.starts[partition] as number)
  }

  /** Records that a life which begins now has to give. */
  get owed(): string[] {
    const owed: string[] = []
    for (const [partition, end] of this.ends.entries())
      for (let offset = this.starts[partition] as number; offset < end; offset++)
        if (!this.settled.has(`${partition}/${offset}`)) owed.push(`${partition}/${offset}`)
    return owed
  }
}

class Life {
  readonly #node: NodeBroker
  readonly #known: Reference
  readonly #chance: SimChance
  readonly #consumer = new TestConsumer()
  #subscription: Subscription | null = null
  /** Deliveries that are in flight. */
  readonly #flying = new Map<number, string>()
  #seen = 0

  constructor(node: NodeBroker, known: Reference, chance: SimChance) {
    this.#node = node
    this.#known = known
    this.#chance = chance
  }

  get #topic() {
    const topic = this.#node.topics.named('events')
    assert.ok(topic)
    return topic
  }

  async begin(isNew: boolean): Promise<void> {
    const { vhost } = sessionOf(this.#node)
    if (isNew) {
      const layout = { partitions: 2, replicationFactor: 1, assignments: null, configs: [] }
      value(await this.#node.topics.create({ name: 'events', ...layout }, false))
      const args = table({ 'x-topic': 'events', 'x-stream-offset': 'first' })
      value(await vhost.declareQueue(queueWish('q', { arguments: args })))
    }
    assert.equal(value(vhost.checkQueue('q')).messages, this.#known.owed.length)
    this.#consumer.room = 0
    this.#subscription = await consume(vhost, 'q', this.#consumer)
  }

  async step(): Promise<void> {
    const dice = this.#chance.int(10)
    if (dice < 3) await this.#produce()
    else if (dice < 8) await this.#settleSome()
    else if (dice === 8) await this.#retain()
    else await this.#take(1 + this.#chance.int(6))
  }

  async #produce(): Promise<void> {
    const partition = this.#chance.int(2)
    const end = this.#known.ends[partition] as number
    const count = 1 + this.#chance.int(8)
    const bodies = Array.from({ length: count }, (_, i) => `${partition}/${end + i}`)
    const request = {
      topic: this.#topic,
      partition: partitionId(partition),
      batch: batchOf(bodies),
    }
    await new Promise((done) => this.#node.logs.append([request], 'all', done))
    this.#known.ends[partition] = end + count
  }

  async #retain(): Promise<void> {
    const partition = this.#chance.int(2)
    const [start, end] = [this.#known.starts[partition] ?? 0, this.#known.ends[partition] ?? 0]
    const to = start + this.#chance.int(Math.min(10, end - start + 1))
    value(await this.#node.logs.deleteRecords(this.#topic, partitionId(partition), to))
    this.#known.starts[partition] = to
  }

  /** Gives room, and waits until what can come has come. */
  async #take(room: number): Promise<void> {
    this.#consumer.room = room
    this.#subscription?.resume()
    await confirmed(this.#node)
    this.#look()
    this.#consumer.room = 0
  }

  #look(): void {
    for (const { id, body } of this.#consumer.deliveries.slice(this.#seen)) {
      this.#seen++
      assert.ok(!this.#known.settled.has(body), `${body} was settled and came again`)
      assert.ok(![...this.#flying.values()].includes(body), `${body} is in flight twice`)
      assert.ok(this.#known.isThere(body), `${body} is gone`)
      this.#flying.set(id, body)
    }
  }

  async #settleSome(): Promise<void> {
    await this.#take(2)
    for (const [id, body] of [...this.#flying]) {
      if (this.#chance.int(3) === 0) continue
      this.#flying.delete(id)
      const isGivenBack = this.#chance.int(4) === 0
      if (isGivenBack) this.#subscription?.queue.reject(id, true, true)
      else {
        this.#subscription?.queue.accept(id)
        this.#known.settled.add(body)
      }
    }
  }

  async end(): Promise<void> {
    await confirmed(this.#node)
  }

  /** Takes and settles everything that is left. */
  async drain(): Promise<void> {
    const owed = new Set(this.#known.owed)
    for (const [id, body] of this.#flying) {
      this.#subscription?.queue.accept(id)
      this.#known.settled.add(body)
      owed.delete(body)
    }
    this.#flying.clear()
    while (owed.size > 0) {
      const before = this.#consumer.deliveries.length
      this.#consumer.room = 50
      this.#subscription?.resume()
      await this.#consumer.has(before + 1)
      this.#look()
      for (const [id, body] of this.#flying) {
        this.#subscription?.queue.accept(id)
        this.#known.settled.add(body)
        assert.ok(owed.delete(body), `${body} is owed`)
      }
      this.#flying.clear()
    }
    await this.#take(1)
    const { vhost } = sessionOf(this.#node)
    assert.equal(value(vhost.checkQueue('q')).messages, 0)
  }
}

for (let seed = 1; seed <= 12; seed++)
  test(`each record is given until it is settled, seed ${seed}`, async () => {
    const disk = memoryDisk()
    const chance = new SimChance(seed)
    const known = new Reference(2)
    for (let life = 0; life < 4; life++)
      await withMessaging(async (node) => {
        const each = new Life(node, known, chance)
        await each.begin(life === 0)
        for (let i = 0; i < 60; i++) await each.step()
        await each.end()
        if (life === 3) await each.drain()
      }, disk)
  })
