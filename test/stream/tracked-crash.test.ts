// Consumers with a name across lives of the node that end in any way: none skips a message that it
// has not settled, and what a clean end or a second of rest has kept is not delivered again.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { textField } from '../../src/model/message/field.ts'
import { first, KeepingConsumer, message, World } from './stream-world.ts'

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 6, arbitrary: fc.record({ settle: fc.nat({ max: 30 }), count: fc.nat({ max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ restMs: fc.constantFrom(5, 400, 3000) }) },
  { weight: 1, arbitrary: fc.record({ end: fc.constantFrom('killed', 'closed', 'cancelled') }) },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** One life of the node with one consumer, from its start to its end. */
class Life {
  readonly clock = new SimClock()
  readonly consumer = new KeepingConsumer()
  readonly #settled = new Set<number>()
  #world: World | null = null
  #reader: Awaited<ReturnType<World['consume']>> | null = null
  /** The place has had the time to be written since it last moved. */
  isRested = false

  get world(): World {
    assert.ok(this.#world)
    return this.#world
  }

  async begin(disk: ReturnType<typeof memoryDisk>): Promise<void> {
    this.#world = await this.clock.runUntil(World.open(disk, { clock: this.clock }))
    const wishes = { ...first, 'x-stream-consumer-name': textField('billing') }
    this.#reader = await this.clock.runUntil(this.world.consume(this.consumer, wishes))
    await this.clock.runFor(1)
  }

  /** The first message that was delivered and not settled; `end` when there is none. */
  firstUnsettled(end: number): number {
    return this.consumer.offsets.find((offset) => !this.#settled.has(offset)) ?? end
  }

  settle(from: number, count: number): void {
    for (const { id, offset } of this.consumer.got.slice(from, from + count)) {
      if (this.#settled.has(offset)) continue
      this.#settled.add(offset)
      this.isRested = false
      this.#reader?.accept(id)
    }
  }

  async cancel(): Promise<void> {
    assert.ok(this.#reader)
    await this.clock.runUntil(this.#reader.cancel())
  }
}

async function run(steps: readonly Step[]): Promise<void> {
  const disk = memoryDisk()
  let life = new Life()
  await life.begin(disk)
  let published = 0
  for (const each of steps) {
    if ('publish' in each) {
      const bodies = Array.from({ length: each.publish }, (_, i) => `${published + i}`)
      await life.clock.runUntil(life.world.publish(...bodies.map((body) => message(body))))
      await life.clock.runFor(1)
      published += each.publish
      assert.equal(life.consumer.bodies.at(-1), `${published - 1}`)
    } else if ('settle' in each) life.settle(each.settle, each.count)
    else if ('restMs' in each) {
      await life.clock.runFor(each.restMs)
      life.isRested ||= each.restMs > 2000
    } else {
      const due = life.firstUnsettled(published)
      if (each.end !== 'killed') await life.cancel()
      if (each.end === 'closed') await life.clock.runUntil(life.world.close())
      const isExact = each.end !== 'killed' || life.isRested
      life = new Life()
      await life.begin(disk)
      const begins = life.consumer.offsets[0] ?? published
      assert.ok(begins <= due, `it begins at ${begins}, and ${due} was not settled`)
      if (isExact) assert.equal(begins, due)
      const all = Array.from({ length: published - begins }, (_, i) => begins + i)
      assert.deepEqual(life.consumer.offsets, all)
    }
  }
}

test('however a life ends, the next begins where the consumer had come to', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), run), { numRuns: 60 })
})
