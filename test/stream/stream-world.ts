// What the tests of streams share: a log on a disk in memory with one topic and the internal topic
// of tracked offsets, and a consumer that keeps what it is given.
import assert from 'node:assert/strict'
import type { Clock } from '../../src/io/clock.ts'
import type { Disk } from '../../src/io/disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { eventLoopTurn, realClock } from '../../src/io/real/clock.ts'
import type { Appender, NewRecord } from '../../src/log/appender.ts'
import type { LogOptions } from '../../src/log/log-options.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import type { TopicSettings } from '../../src/model/config/topic-settings.ts'
import type { ErrorName } from '../../src/model/errors.ts'
import type { LeaderEpoch, NodeId, TopicId } from '../../src/model/ids.ts'
import { type FieldTable, type FieldValue, textField } from '../../src/model/message/field.ts'
import { MessageView } from '../../src/model/message/message.ts'
import {
  buildProperties,
  octetProperty,
  property,
  tableProperty,
} from '../../src/model/message/properties.ts'
import { BatchHeader, buildBatch } from '../../src/model/record-batch.ts'
import { readRecords, writeRecords } from '../../src/model/records.ts'
import type { Topic } from '../../src/model/topic.ts'
import type { Consumer } from '../../src/stream/consumer.ts'
import type { StreamReader } from '../../src/stream/stream-reader.ts'
import { type StreamOptions, Streams, streamOptions } from '../../src/stream/streams.ts'
import { plainSettings, tinyOptions, topicA } from '../log/log-fixture.ts'
import { append } from '../log/open-log.ts'

const trackedTopic = 'b'.repeat(32)

export interface WorldOptions {
  readonly partitions?: number
  readonly settings?: TopicSettings
  readonly clock?: Clock
  readonly stream?: Partial<StreamOptions>
  readonly log?: Partial<LogOptions>
}

export class World {
  readonly store: LogStore
  readonly streams: Streams
  readonly topic: Topic
  readonly reported: string[] = []
  /** How many records of tracked offsets were appended. */
  tracked = 0

  static async open(disk: Disk, options: WorldOptions = {}): Promise<World> {
    const { partitions = 1, settings = plainSettings, clock = realClock } = options
    const known = Array.from({ length: partitions }, (_, partition) => ({
      topic: topicA,
      partition,
      settings,
    }))
    const reported: string[] = []
    const store = await LogStore.open(
      {
        disk,
        clock,
        chance: realChance,
        options: { ...tinyOptions, ...options.log },
        hooks: {
          failed: (cause: unknown) => {
            throw cause
          },
          report: (line: string) => void reported.push(line),
        },
      },
      {
        partitions: [...known, { topic: trackedTopic, partition: 0, settings: plainSettings }],
        revision: () => 1,
      },
    )
    const world = new World(store, clock, partitions, reported, options.stream ?? {})
    const tracked = store.get(trackedTopic, 0) as PartitionLog
    world.streams.offsets.load(await keyedRecords(store, tracked))
    return world
  }

  private constructor(
    store: LogStore,
    clock: Clock,
    partitions: number,
    reported: string[],
    options: Partial<StreamOptions>,
  ) {
    this.store = store
    this.reported = reported
    const state = { leader: 1 as NodeId, leaderEpoch: 0 as LeaderEpoch, replicas: [], isr: [] }
    this.topic = {
      id: topicA as TopicId,
      name: 'orders',
      kind: 'log',
      internal: false,
      partitions: Array.from({ length: partitions }, () => state),
      config: new Map(),
    }
    const appender: Appender = {
      append: (records: readonly NewRecord[], done: (error: ErrorName | null) => void) => {
        this.tracked += records.length
        const log = store.get(trackedTopic, 0) as PartitionLog
        const placed = log.appendTrusted(store.journal, batchOfRecords(records), 0, 1000)
        store.journal.whenCommitted(placed.lsn, () => done(placed.error))
      },
    }
    const report = (line: string): void => void reported.push(line)
    this.streams = new Streams({ store, clock, appender, report }, { ...streamOptions, ...options })
  }

  log(partition = 0): PartitionLog {
    return this.store.get(topicA, partition) as PartitionLog
  }

  /** As a Kafka producer does it; returns the base offset. */
  produce(batch: Uint8Array, partition = 0): Promise<number> {
    return append(this.store, this.log(partition), batch)
  }

  /** As an AMQP client does it, in one turn; resolves when all is durable. */
  publish(...messages: readonly MessageView[]): Promise<void> {
    for (const message of messages) {
      const taken = this.streams.append(this.topic, message)
      assert.ok(taken.ok, taken.ok ? '' : taken.message)
    }
    return new Promise((durable) => this.streams.flush(durable))
  }

  async consume(
    consumer: Consumer,
    wishes: Record<string, FieldValue> = {},
    settled = false,
  ): Promise<StreamReader> {
    const wish = { tag: 'ctag', settled, arguments: new Map(Object.entries(wishes)) }
    const reader = await this.streams.consume(this.topic, wish, consumer)
    assert.ok(reader.ok, reader.ok ? '' : reader.message)
    reader.value.resume()
    return reader.value
  }

  async close(): Promise<void> {
    await this.streams.close()
    await this.store.close()
    assert.deepEqual(this.reported, [])
  }
}

function batchOfRecords(records: readonly NewRecord[]): Uint8Array {
  const fields = { baseOffset: 0, leaderEpoch: 0, attributes: 0, baseTimestamp: 0, maxTimestamp: 0 }
  const producer = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  const recordCount = records.length
  return buildBatch(
    { ...fields, ...producer, recordCount, lastOffsetDelta: recordCount - 1 },
    writeRecords(records),
  )
}

async function keyedRecords(store: LogStore, log: PartitionLog) {
  const found: { key: Uint8Array; value: Uint8Array | null }[] = []
  const header = new BatchHeader()
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: 1 << 20, mustGive: true }
    if (!store.reader.readFromMemory(log, want, read))
      await store.reader.readFromDisk(log, want, read)
    const bytes = Buffer.concat(read.records)
    store.reader.release(read)
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      for (const { key, value } of readRecords(header.records(), header.recordCount) ?? [])
        found.push({ key: key ?? new Uint8Array(0), value })
      offset = header.nextOffset
    }
  }
  return found
}

/** A message as it was when it came. */
export interface Delivery {
  readonly id: number
  readonly offset: number
  readonly partition: number
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Uint8Array
  readonly headers: FieldTable
  readonly body: string
}

/** Has room for so many that are not settled; `settle` gives room, and the reader is told. */
export class KeepingConsumer implements Consumer {
  room: number
  readonly got: Delivery[] = []
  readonly ends: string[] = []

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room
  }

  deliver(id: number, message: MessageView, redelivered: boolean): void {
    assert.ok(this.room > 0, 'a consumer without room is given nothing')
    assert.equal(redelivered, false)
    this.room--
    const { headers } = message
    const number = (name: string): number => {
      const value = headers.get(name)
      return value?.type === 'l' ? Number(value.value) : -1
    }
    this.got.push({
      id,
      offset: number('x-stream-offset'),
      partition: number('x-stream-partition'),
      exchange: message.exchange,
      routingKey: message.routingKey,
      properties: Uint8Array.from(message.properties),
      headers,
      body: Buffer.from(message.body).toString(),
    })
  }

  cancelled(reason: string): void {
    this.ends.push(reason)
  }

  get bodies(): string[] {
    return this.got.map(({ body }) => body)
  }
  get offsets(): number[] {
    return this.got.map(({ offset }) => offset)
  }
}

/** Turns of the event loop until it holds: what is waited for takes a few. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2000; turns++) {
    if (holds()) return
    await eventLoopTurn()
  }
  assert.fail(`it never came to hold: ${holds}`)
}

export const message = (
  body: string,
  headers: Record<string, FieldValue | string> = {},
  routingKey = 'orders',
  exchange = '',
): MessageView => {
  const table = new Map(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? textField(value) : value,
    ]),
  )
  const values = [octetProperty(property.deliveryMode, 2)]
  if (table.size > 0) values.push(tableProperty(table))
  return new MessageView().set(exchange, routingKey, buildProperties(values), Buffer.from(body))
}

export const long = (value: number): FieldValue => ({ type: 'l', value: BigInt(value) })
export const yes: FieldValue = { type: 't', value: true }
export const first = { 'x-stream-offset': textField('first') }
