// One start of the log store under load, until the seed kills it: writers and readers that append
// and read at random, and check every answer against the model. Beside them work an administrator
// and a caretaker.
import { DiskError } from '../../../src/io/disk.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { LogStore } from '../../../src/log/log-store.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { BatchHeader } from '../../../src/model/record-batch.ts'
import { administer } from './administrator.ts'
import { keepCompact, takeCare } from './caretaker.ts'
import { expect } from './failure.ts'
import type { NewRecord, PartitionModel, SentBatch } from './partition-model.ts'
import type { Numbered, ProducerModel } from './producer-model.ts'
import { checkBytes, checkKept, readSome } from './reading.ts'
import type { World } from './world.ts'

export class Node {
  readonly store: LogStore
  readonly #world: World
  readonly #clock: SimClock
  /** The actors that are not done yet. */
  working = 0
  /** The log said that it failed. */
  failed = false
  /** The process has ended, by what it does beside the log. */
  ended = false
  /** Its start has cut the manifest, and removed no segment files. */
  keepsStrays = false
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
    this.#act(administer(this, this.#world))
    this.#act(takeCare(this, this.#world))
    this.#act(keepCompact(this, this.#world))
  }

  #act(actor: Promise<unknown>): void {
    this.working++
    actor
      .catch((cause: unknown) => {
        // Whoever asked for what failed is told too.
        if (!((this.failed || this.ended) && cause instanceof DiskError)) this.wrong ??= cause
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

  async raiseLogStart(model: PartitionModel, log: PartitionLog, to: number): Promise<void> {
    model.startCeiling = Math.max(model.startCeiling, to)
    await this.store.raiseLogStart(log, to)
    model.startFloor = Math.max(model.startFloor, to)
  }

  // ---- Writing ----------------------------------------------------------------------------------

  async #write(): Promise<void> {
    const { chance, plan } = this.#world
    for (let i = 0; i < plan.operations; i++) {
      const live = this.#world.live
      const model = live[chance.int(Math.max(1, live.length))]
      if (model === undefined) return
      const records = this.#world.records(model, this.store.journal.maxBatchBytes)
      const batch = this.#world.batch(records, null, null)
      while (!this.store.journal.hasRoom(batch.length)) await this.#room()
      const acked = this.#place(model, batch, records)
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
      if (producer.mayBeginAnew && chance.oneIn(10)) producer.beginAnew()
      const repeated = producer.recent[chance.int(5)]
      if (repeated?.sent && chance.oneIn(4)) await this.#send(producer, repeated)
      else if (producer.maySend && !this.#isRetrying(producer)) {
        const records = this.#world.records(producer.partition, this.store.journal.maxBatchBytes)
        const sending = this.#send(producer, producer.next(records, this.#world.timestamp()))
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
    const { records } = numbered
    const batch = this.#world.batch(records, producer, numbered)
    while (!this.store.journal.hasRoom(batch.length)) await this.#room()
    // Too old by now to be known again.
    if (!producer.recent.includes(numbered)) return
    const placed = await this.#place(
      producer.partition,
      batch,
      records,
      (sent) => {
        numbered.sent = sent
      },
      () => producer.storedAt(numbered),
    )
    if (!placed) producer.beginAnew()
    else if (!producer.partition.deleted) numbered.acked = true
  }

  /** To be asked again right before the append: others wait too. */
  #room(): Promise<void> {
    return new Promise((resolve) => this.store.journal.whenRoom(resolve))
  }

  /** One plain batch, acknowledged. */
  async append(model: PartitionModel): Promise<void> {
    const records = this.#world.records(model, 1000)
    const batch = this.#world.batch(records, null, null)
    while (!this.store.journal.hasRoom(batch.length)) await this.#room()
    await this.#place(model, batch, records)
  }

  /**
   * Appends; resolves when acknowledged, to false when there is no memory for it. `stored`: where
   * it is already, if it is.
   */
  async #place(
    model: PartitionModel,
    batch: Uint8Array,
    records: readonly NewRecord[],
    placed: (sent: SentBatch) => void = () => undefined,
    stored: () => SentBatch | null = () => null,
  ): Promise<boolean> {
    const { journal } = this.store
    if (model.deleted) return true
    if (this.#world.chance.oneIn(20)) model.leaderEpoch++
    const log = this.logOf(model)
    const before = stored()
    const end = log.logEndOffset
    const nowMs = this.#clock.now()
    const outcome = log.append(journal, batch, model.leaderEpoch, nowMs)
    if (model.isMemory && outcome.error === 'policyViolation') {
      this.#world.saw('memory full')
      return false
    }
    if (this.store.space.isLow && outcome.error === 'storageError') {
      this.#world.saw('refused: little disk')
      return false
    }
    expect(outcome.error === null, () => `${model.name}: ${outcome.error} ${outcome.message}`)
    const at = outcome.baseOffset
    const due = before?.baseOffset ?? end
    expect(at === due, () => `${model.name}: placed at ${at}, not ${due}, ${before && 'again'}`)
    const sent = before ?? {
      baseOffset: at,
      nextOffset: log.logEndOffset,
      epoch: model.leaderEpoch,
      timestampMs: new BatchHeader().moveTo(batch).maxTimestamp,
      placedMs: nowMs,
      lsn: outcome.lsn,
      records,
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
    return true
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
        // All that was there may have been compacted away, and what is left lie behind.
        const mayBeNothing = model.compacts && log.highWatermark > below
        expect(
          mayMiss || mayBeNothing || read.bytes > 0,
          () => `${model.name}: read at ${offset} of ${below}: nothing`,
        )
        if (read.bytes === 0) continue
        if (model.compacts) checkKept(model, offset, read, log, this.#clock.now())
        else checkBytes(model, offset, read, mayMiss)
      } finally {
        this.store.reader.release(read)
      }
    }
  }
}
