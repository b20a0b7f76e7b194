// All that outlives a start of the node in one seed: the models of its partitions and producers,
// the chance, the time, and what batches are made of.
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { Known } from '../../../src/log/log-parts.ts'
import { buildBatch } from '../../../src/model/record-batch.ts'
import { writeRecords } from '../../../src/model/records.ts'
import { type NewRecord, PartitionModel } from './partition-model.ts'
import type { Plan } from './plan.ts'
import { type Numbered, ProducerModel } from './producer-model.ts'
import { drawTopic } from './topic-draw.ts'

export class World {
  readonly chance: SimChance
  readonly plan: Plan
  readonly partitions: PartitionModel[] = []
  readonly producers: ProducerModel[] = []
  /** How often the seed came by what is worth coming by. */
  readonly covered = new Map<string, number>()
  clock = new SimClock()
  /** Somebody deletes other files from the disk. */
  makeRoom: () => void = () => undefined
  #value = 0
  #topics = 0

  constructor(chance: SimChance, plan: Plan) {
    this.chance = chance
    this.plan = plan
    for (let left = plan.partitions; left > 0; ) left -= this.createTopic(left).length
  }

  get live(): PartitionModel[] {
    return this.partitions.filter((p) => !p.deleted)
  }

  /** Whether a write may fail in this seed. */
  get mayFail(): boolean {
    return this.plan.fault === 'error' || this.plan.fault === 'full'
  }

  saw(what: string, times = 1): void {
    if (times > 0) this.covered.set(what, (this.covered.get(what) ?? 0) + times)
  }

  /** The next start has a clock of its own, which goes on where this one stands. */
  restartClock(): void {
    const before = this.clock.now()
    this.clock = new SimClock()
    this.clock.jump(before - this.clock.now())
  }

  /** A topic with up to `most` partitions, each with an idempotent producer or without. */
  createTopic(most: number): PartitionModel[] {
    const topic = (++this.#topics).toString(16).padStart(4, '0').repeat(8)
    const settings = drawTopic(this.chance, this.plan)
    const made = Array.from(
      { length: 1 + this.chance.int(Math.min(most, 3)) },
      (_, partition) => new PartitionModel(topic, partition, settings),
    )
    this.partitions.push(...made)
    for (const p of made)
      if (this.chance.int(3) > 0) this.producers.push(new ProducerModel(this.producers.length, p))
    return made
  }

  /** As the metadata has it, which counts what came and went. */
  known(): Known {
    const partitions = this.live.map(({ topic, partition, settings }) => ({
      topic,
      partition,
      settings,
    }))
    return { partitions, revision: () => this.#revision() }
  }

  #revision(): number {
    return this.#topics + this.partitions.filter((p) => p.deleted).length
  }

  /** Records of a new batch, no value twice, all in all about as long as the plan wants. */
  records(to: PartitionModel, bytesMax: number): NewRecord[] {
    const { chance, plan } = this
    const large = chance.oneIn(plan.largeOneIn)
    const bytes = plan.uniform ? 300 : large ? chance.int(bytesMax) : 10 + chance.int(900)
    const count = plan.uniform ? 1 : 1 + chance.int(4)
    const each = Math.max(10, Math.floor(Math.min(bytes, bytesMax - 500) / count))
    return Array.from({ length: count }, () => {
      const value = String(++this.#value).padEnd(each, '.')
      if (!to.compacts) return { key: null, value }
      return { key: `k${chance.int(plan.keys)}`, value: chance.oneIn(5) ? null : value }
    })
  }

  /** As a client sends it; its records are a little older than now. */
  batch(
    records: readonly NewRecord[],
    from: ProducerModel | null,
    numbered: Numbered | null,
  ): Uint8Array {
    const timestampMs = numbered?.timestampMs ?? this.timestamp()
    const bytesOf = (text: string | null): Buffer | null =>
      text === null ? null : Buffer.from(text)
    return buildBatch(
      {
        baseOffset: 0,
        leaderEpoch: -1,
        attributes: 0,
        lastOffsetDelta: records.length - 1,
        baseTimestamp: timestampMs,
        maxTimestamp: timestampMs,
        producerId: from?.id ?? -1,
        producerEpoch: from?.epoch ?? -1,
        baseSequence: numbered?.sequence ?? -1,
        recordCount: records.length,
      },
      writeRecords(records.map((r) => ({ key: bytesOf(r.key), value: bytesOf(r.value) }))),
    )
  }

  timestamp(): number {
    return this.clock.now() - this.chance.int(200)
  }
}
