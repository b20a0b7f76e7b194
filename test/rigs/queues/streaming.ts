// What clients of the simulation do with streams: read them from drawn places, with and without a
// name, settle, come and go; and clients of Kafka append to the topics that they are.
import { batchOf, keyedRecords } from '../../log/log-fixture.ts'
import { recordKey } from './cleaning.ts'
import type { Client } from './client.ts'
import { foreignMessage } from './copies.ts'
import type { Stage } from './stage.ts'
import { type Start, StreamConsumer } from './stream-client.ts'
import type { StreamModel } from './stream-model.ts'
import * as draw from './topology.ts'

const readersMax = 2
const names = ['n0', 'n1', null, null] as const
const prefetch = 100

export class Streaming {
  readonly #stage: Stage
  /** As often as they stand here. */
  readonly actions: readonly (() => void)[] = [
    () => this.#read(),
    () => this.#read(),
    () => this.#settle(),
    () => this.#leave(),
    () => this.#append(),
    () => this.#append(),
  ]

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get #scene() {
    return this.#stage.scene
  }

  #stream(): StreamModel | undefined {
    const { streams } = this.#scene.watch
    return this.#stage.pick([...streams.values()].filter(({ isDeclared }) => isDeclared))
  }

  /** Whether what the node says is written can be believed to be so: it tells of no refusal. */
  readonly isCertain = (): boolean => !this.#scene.watch.isFull

  #read(): void {
    const { chance } = this.#scene
    const model = this.#stream()
    const own = this.#stage.clients.filter(({ vhost }) => vhost === model?.vhost)
    const client = this.#stage.pick(own)
    if (client === undefined || model === undefined) return
    const reader = this.#stage.pick(client.readers)
    if (reader !== undefined && (client.readers.length >= readersMax || chance.oneIn(2))) {
      reader.room = chance.int(20)
      reader.subscription?.resume()
    } else this.#stage.let(() => this.#subscribe(client, model))
  }

  async #subscribe(client: Client, model: StreamModel): Promise<void> {
    const { chance, watch } = this.#scene
    const drawn = this.#stage.pick(names) ?? null
    const name = drawn !== null && model.placeOf(drawn).isTaken ? null : drawn
    const starts: readonly Start[] = ['first', 'next', 'last', chance.int(model.seen(0) + 3)]
    const start = name === null ? (this.#stage.pick(starts) ?? 'first') : 'first'
    const reader = new StreamConsumer(model, { start, name }, (message) => watch.fail(message))
    const got = await client.session.vhost.consume(
      {
        queue: model.plainName,
        tag: 'tag',
        settled: false,
        exclusive: false,
        priority: 0,
        prefetch,
        arguments: reader.arguments,
      },
      reader,
    )
    if (!got.ok) {
      watch.fail(`no reader of ${model.name}: ${got.error} ${got.message}`)
      return
    }
    reader.answeredAt = watch.event
    reader.subscription = got.value
    this.#stage.saw(
      name === null
        ? `readers from ${typeof start === 'number' ? 'an offset' : start}`
        : 'readers with a name',
    )
    if (!this.#stage.clients.includes(client)) {
      await reader.end(this.isCertain)
      return
    }
    client.readers.push(reader)
    reader.room = chance.int(20)
    got.value.resume()
  }

  #settle(): void {
    const { chance } = this.#scene
    const readers = this.#stage.clients.flatMap((client) => client.readers)
    const reader = this.#stage.pick(readers.filter(({ out }) => out.length > 0))
    for (let n = chance.int(12); n >= 0 && reader !== undefined && reader.out.length > 0; n--)
      reader.accept(chance.int(3) > 0 ? 0 : chance.int(reader.out.length))
  }

  #leave(): void {
    const { chance } = this.#scene
    const client = this.#stage.pick(this.#stage.clients)
    const reader = this.#stage.pick(client?.readers ?? [])
    if (client === undefined || reader === undefined || chance.oneIn(2)) return
    client.readers = client.readers.filter((each) => each !== reader)
    this.#stage.let(() => reader.end(this.isCertain))
  }

  /** A client of Kafka. */
  #append(): void {
    const { chance, node, watch, newName, clock } = this.#scene
    const model = this.#stream()
    const topic = node.image.topic(model?.name ?? '')
    if (model === undefined || topic?.kind !== 'log') return
    const partition = chance.int(model.partitions)
    const texts = Array.from({ length: 1 + chance.int(4) }, () => `${newName(draw.mainVhost)}-5`)
    const bytes = texts.map((name) => `${name} kafka`)
    const keys = texts.map(() => (model.isCompacted ? recordKey(chance, model, partition) : null))
    const batch = model.isCompacted
      ? keyedRecords(
          keys.map((key, i) => [key ?? '', bytes[i] as string]),
          clock.now(),
        )
      : batchOf(bytes, null, clock.now())
    const wasFull = watch.isFull
    watch.event++
    const records = texts.map((name, i) =>
      model.add(foreignMessage(name), watch.event, { isForeign: true, group: keys[i] ?? null }),
    )
    for (const record of records) watch.recordTaken(model, record)
    const request = { topic, partition: partition as never, batch }
    node.logs.append([request], 'all', ([outcome]) => {
      if (outcome?.error === null) {
        this.#stage.saw('Kafka batches to topics')
        if (wasFull) watch.fail(`${model.name} takes a batch of Kafka, and the disk is full`)
        for (const record of records) record.isCertain = true
        return
      }
      this.#stage.saw(`Kafka batches to topics refused: ${outcome?.error}`)
      if (outcome?.error !== 'storageError')
        watch.fail(`${model.name} refuses a batch of Kafka: ${outcome?.error}`)
      for (const record of records) watch.recordRefused(model, record)
    })
  }
}
