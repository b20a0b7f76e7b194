// All that outlives a start of the node in one seed: the models of its partitions and producers,
// the chance, and what batches are made of.
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { KnownPartition } from '../../../src/log/log-store.ts'
import type { TopicSettings } from '../../../src/model/config/topic-settings.ts'
import { buildBatch } from '../../../src/model/record-batch.ts'
import { writeRecords } from '../../../src/model/records.ts'
import { plainSettings } from '../../log/log-fixture.ts'
import { PartitionModel } from './partition-model.ts'
import type { Plan } from './plan.ts'
import { type Numbered, ProducerModel } from './producer-model.ts'

const timestampMs = 1000

export class World {
  readonly chance: SimChance
  readonly plan: Plan
  readonly partitions: PartitionModel[] = []
  readonly producers: ProducerModel[] = []
  /** Told once the log has said that it failed: nothing may be acknowledged any more. */
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

  /** A topic with up to `most` partitions, each with an idempotent producer or without. */
  createTopic(most: number): PartitionModel[] {
    const topic = (++this.#topics).toString(16).padStart(4, '0').repeat(8)
    const sync = this.chance.int(10) >= this.plan.asyncTopics
    const made = Array.from(
      { length: 1 + this.chance.int(Math.min(most, 3)) },
      (_, partition) => new PartitionModel(topic, partition, sync),
    )
    this.partitions.push(...made)
    for (const p of made)
      if (this.chance.int(3) > 0) this.producers.push(new ProducerModel(this.producers.length, p))
    return made
  }

  settingsOf(model: PartitionModel): TopicSettings {
    const { segmentBytes } = this.plan
    return { ...plainSettings, flush: model.sync ? 'sync' : 'async', segmentBytes }
  }

  known(): KnownPartition[] {
    return this.live.map((model) => ({
      topic: model.topic,
      partition: model.partition,
      settings: this.settingsOf(model),
    }))
  }

  /** Values of a new batch, never the same twice, all in all about as long as the plan wants. */
  values(bytesMax: number): string[] {
    const { chance, plan } = this
    const large = chance.oneIn(plan.largeOneIn)
    const bytes = plan.uniform ? 300 : large ? chance.int(bytesMax) : 10 + chance.int(900)
    const count = plan.uniform ? 1 : 1 + chance.int(4)
    const each = Math.max(10, Math.floor(Math.min(bytes, bytesMax - 500) / count))
    return Array.from({ length: count }, () => String(++this.#value).padEnd(each, '.'))
  }

  batch(
    values: readonly string[],
    from: ProducerModel | null,
    numbered: Numbered | null,
  ): Uint8Array {
    const records = writeRecords(values.map((v) => ({ key: null, value: Buffer.from(v) })))
    return buildBatch(
      {
        baseOffset: 0,
        leaderEpoch: -1,
        attributes: 0,
        lastOffsetDelta: values.length - 1,
        baseTimestamp: timestampMs,
        maxTimestamp: timestampMs,
        producerId: from?.id ?? -1,
        producerEpoch: from?.epoch ?? -1,
        baseSequence: numbered?.sequence ?? -1,
        recordCount: values.length,
      },
      records,
    )
  }
}
