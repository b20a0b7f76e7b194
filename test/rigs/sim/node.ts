// One start of the log store under load, until the seed kills it: writers, readers and an
// administrator that append, read, create, delete and trim at random, and check every answer
// against the model.
import { DiskError } from '../../../src/io/disk.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { LogStore } from '../../../src/log/log-store.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { expect } from './failure.ts'
import type { PartitionModel, SentBatch } from './partition-model.ts'
import type { Numbered, ProducerModel } from './producer-model.ts'
import { checkBytes, readSome } from './reading.ts'
import type { World } from './world.ts'

export class Node {
  readonly store: LogStore
  readonly #world: World
  readonly #clock: SimClock
  /** The actors that are not done yet. */
  working = 0
  /** The log said that it failed. */
  failed = false
  /** The first thing that was wrong. */
  wrong: unknown = null

  constructor(world: World, store: LogStore, clock: SimClock) {
    this.#world = world
    this.store = store
    this.#clock = clock
  }

  start(): void {
    const { plan, producers } = this.#world
    for (const producer of producers)
      if (!producer.partition.deleted) this.#act(this.#produce(producer))
    for (let i = 0; i < plan.writers; i++) this.#act(this.#write())
    for (let i = 0; i < plan.readers; i++) this.#act(this.#read())
    this.#act(this.#administer())
  }

  #act(actor: Promise<void>): void {
    this.working++
    actor
      .catch((cause: unknown) => {
        // Whoever asked for what failed is told too.
        if (!(this.failed && cause instanceof DiskError)) this.wrong ??= cause
      })
      .finally(() => this.working--)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve))
  }

  #pause(): Promise<void> {
    const { chance } = this.#world
    return this.sleep(chance.oneIn(3) ? 0 : chance.int(40) / 10)
  }

  logOf(model: PartitionModel): PartitionLog {
    const log = this.store.get(model.topic, model.partition)
    expect(log !== undefined, () => `${model.name} is not there`)
    return log
  }

  // ---- Writing ----------------------------------------------------------------------------------

  async #write(): Promise<void> {
    const { chance, plan } = this.#world
    for (let i = 0; i < plan.operations; i++) {
      const live = this.#world.live
      const model = live[chance.int(Math.max(1, live.length))]
      if (model === undefined) return
      const batch = this.#world.batch(
        this.#world.values(this.store.journal.maxBatchBytes),
        null,
        null,
      )
      while (!this.store.journal.hasRoom(batch.length)) await this.#room()
      const acked = this.#place(model, batch)
      this.#act(acked)
      if (chance.oneIn(3)) await acked
      await this.#pause()
    }
  }

  async #produce(producer: ProducerModel): Promise<void> {
    const { chance, plan } = this.#world
    producer.restarted()
    for (const again of [...producer.recent])
      if (!again.acked || chance.oneIn(2)) await this.#send(producer, again)
    for (let i = 0; i < plan.operations / 2 && !producer.partition.deleted; i++) {
      const repeated = producer.recent[chance.int(5)]
      if (repeated?.sent && chance.oneIn(4)) await this.#send(producer, repeated)
      else if (producer.maySend && !this.#isRetrying(producer)) {
        const values = this.#world.values(this.store.journal.maxBatchBytes)
        const sending = this.#send(producer, producer.next(values))
        this.#act(sending)
        if (chance.oneIn(2)) await sending
      }
      await this.#pause()
    }
  }

  /** A batch that waits for room must not be overtaken by the next one. */
  #isRetrying(producer: ProducerModel): boolean {
    return producer.recent.some((n) => n.sent === null)
  }

  async #send(producer: ProducerModel, numbered: Numbered): Promise<void> {
    const batch = this.#world.batch(numbered.values, producer, numbered)
    while (!this.store.journal.hasRoom(batch.length)) await this.#room()
    // Too old by now to be known again.
    if (!producer.recent.includes(numbered)) return
    await this.#place(
      producer.partition,
      batch,
      (sent) => {
        numbered.sent = sent
      },
      () => producer.storedAt(numbered),
    )
    if (!producer.partition.deleted) numbered.acked = true
  }

  /** To be asked again right before the append: others wait too. */
  #room(): Promise<void> {
    return new Promise((resolve) => this.store.journal.whenRoom(resolve))
  }

  /** One plain batch, acknowledged. */
  async append(model: PartitionModel): Promise<void> {
    const batch = this.#world.batch(this.#world.values(1000), null, null)
    while (!this.store.journal.hasRoom(batch.length)) await this.#room()
    await this.#place(model, batch)
  }

  /** Appends; resolves when acknowledged. `stored`: where it is already, if it is. */
  async #place(
    model: PartitionModel,
    batch: Uint8Array,
    placed: (sent: SentBatch) => void = () => undefined,
    stored: () => SentBatch | null = () => null,
  ): Promise<void> {
    const { journal } = this.store
    if (model.deleted) return
    if (this.#world.chance.oneIn(20)) model.leaderEpoch++
    const log = this.logOf(model)
    const before = stored()
    const end = log.logEndOffset
    const outcome = log.append(journal, batch, model.leaderEpoch, 1000)
    expect(outcome.error === null, () => `${model.name}: ${outcome.error} ${outcome.message}`)
    const at = outcome.baseOffset
    const due = before?.baseOffset ?? end
    expect(at === due, () => `${model.name}: placed at ${at}, not ${due}, ${before && 'again'}`)
    const sent = before ?? {
      baseOffset: at,
      nextOffset: log.logEndOffset,
      epoch: model.leaderEpoch,
      lsn: outcome.lsn,
      bytes: batch,
      acked: false,
    }
    if (before === null) {
      model.batches.push(sent)
      placed(sent)
    }
    await new Promise<void>((resolve) => journal.whenCommitted(outcome.lsn, resolve))
    expect(!this.failed, () => `${model.name}: acknowledged ${at} after the log had failed`)
    sent.acked = true
    expect(
      model.deleted || log.highWatermark >= sent.nextOffset,
      () => `${model.name}: acknowledged ${at}, and the high watermark is ${log.highWatermark}`,
    )
  }

  // ---- Reading ----------------------------------------------------------------------------------

  async #read(): Promise<void> {
    const { chance, plan } = this.#world
    for (let i = 0; i < plan.operations; i++) {
      const live = this.#world.live
      const model = live[chance.int(Math.max(1, live.length))]
      await this.#pause()
      if (model === undefined || model.deleted) continue
      const log = this.logOf(model)
      const span = log.highWatermark - log.logStartOffset
      if (span === 0) continue
      const offset = log.logStartOffset + chance.int(span)
      const below = log.highWatermark
      const read = await readSome(this.store, log, {
        offset,
        below,
        maxBytes: 1 + chance.int(20_000),
      })
      if (chance.oneIn(2)) await this.sleep(chance.int(20))
      const mayMiss = model.deleted || log.logStartOffset > offset
      try {
        expect(
          mayMiss || !read.damaged,
          () => `${model.name}: read at ${offset} of ${below}: damaged`,
        )
        expect(
          mayMiss || read.bytes > 0,
          () => `${model.name}: read at ${offset} of ${below}: nothing`,
        )
        if (read.bytes > 0) checkBytes(model, offset, read, mayMiss)
      } finally {
        this.store.reader.release(read)
      }
    }
  }

  // ---- Administering ----------------------------------------------------------------------------

  async #administer(): Promise<void> {
    const { chance, plan } = this.#world
    for (let i = 0; i < plan.operations / 2; i++) {
      await this.sleep(chance.int(60) / 10)
      const live = this.#world.live
      const model = live[chance.int(Math.max(1, live.length))]
      const what = chance.int(12)
      if (what < 2) await this.store.flush()
      else if (what === 2) this.#create()
      else if (model === undefined) continue
      else if (what === 3 && live.length > 1) await this.#delete(model)
      else if (what < 7) await this.#trim(model)
    }
  }

  #create(): void {
    if (this.#world.live.length > 8) return
    for (const model of this.#world.createTopic(2))
      this.store.create(model.topic, model.partition, this.#world.settingsOf(model))
  }

  /** The metadata forgets the topic first. */
  async #delete({ topic }: PartitionModel): Promise<void> {
    const gone = this.#world.live.filter((p) => p.topic === topic)
    for (const model of gone) model.deleted = true
    await this.store.delete(
      topic,
      gone.map((p) => p.partition),
    )
  }

  async #trim(model: PartitionModel): Promise<void> {
    const log = this.logOf(model)
    const span = log.highWatermark - log.logStartOffset
    const to = log.logStartOffset + this.#world.chance.int(span + 1)
    model.startCeiling = Math.max(model.startCeiling, to)
    await this.store.raiseLogStart(log, to)
    model.startFloor = Math.max(model.startFloor, to)
  }
}
