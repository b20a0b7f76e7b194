// What the tests of queues share: a node of nothing but a log and its queues, on any disk, and
// consumers that write down what they get.
import type { Clock } from '../../src/io/clock.ts'
import type { Disk } from '../../src/io/disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { TopicSettings } from '../../src/model/config/topic-settings.ts'
import { MessageView } from '../../src/model/message/message.ts'
import {
  buildProperties,
  octetProperty,
  property,
  tableProperty,
} from '../../src/model/message/properties.ts'
import type { CancelReason, Consumer } from '../../src/queue/consumer.ts'
import { noOthers, type Others } from '../../src/queue/placing.ts'
import type { Queue } from '../../src/queue/queue.ts'
import type { DeadLetterReason, QueueHost } from '../../src/queue/queue-host.ts'
import type { QueueOptions } from '../../src/queue/queue-options.ts'
import { plainQueue, type QueueSettings } from '../../src/queue/queue-settings.ts'
import { ledgerPartition, Queues } from '../../src/queue/queues.ts'
import { plainSettings, tinyOptions } from '../log/log-fixture.ts'

export const partitionSettings: TopicSettings = {
  ...plainSettings,
  retentionMs: Number.POSITIVE_INFINITY,
  retentionBytes: Number.POSITIVE_INFINITY,
}

/** The id of the topic of a queue in tests: its number. */
export const topicOf = (n: number): string => String(n).padStart(32, '0')

/** Virtual time flies. */
const endless = { consumerTimeoutMs: Number.POSITIVE_INFINITY }

/** A node with durable queues 0 .. `queues` - 1, each of so many lanes. */
export class TestNode {
  readonly store: LogStore
  readonly queues: Queues
  readonly reported: string[]

  private constructor(store: LogStore, queues: Queues, reported: string[]) {
    this.store = store
    this.queues = queues
    this.reported = reported
  }

  static async open(
    disk: Disk,
    queues = 1,
    lanes = 1,
    clock: Clock = realClock,
    options: Partial<QueueOptions> = {},
    others: Others = noOthers,
  ): Promise<TestNode> {
    const reported: string[] = []
    const report = (line: string): void => void reported.push(line)
    const failed = (cause: unknown): void => {
      throw cause
    }
    const partitions = Array.from({ length: queues }, (_, n) =>
      [...Array.from({ length: lanes }, (_, i) => i), ledgerPartition].map((partition) => ({
        topic: topicOf(n),
        partition,
        settings: partitionSettings,
      })),
    ).flat()
    const store = await LogStore.open(
      { disk, clock, chance: realChance, options: tinyOptions, hooks: { failed, report } },
      { partitions, revision: () => 1 },
    )
    return new TestNode(
      store,
      new Queues({ store, clock, report, others }, { ...endless, ...options }),
      reported,
    )
  }

  readonly settings = partitionSettings

  open(n: number, settings: Partial<QueueSettings> = {}, host: QueueHost = noHost): Promise<Queue> {
    const place = { topic: topicOf(n), name: `queue ${n}`, partitionSettings }
    return this.queues.open(place, { ...plainQueue, ...settings }, host)
  }

  /** Resolves when everything so far is durable. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.queues.flush(resolve))
  }

  async close(): Promise<void> {
    await this.queues.close()
    await this.store.close()
  }
}

export const noHost: QueueHost = {
  deadLetter: () => {
    throw new Error('no dead letters here')
  },
  unused: () => {
    throw new Error('not unused')
  },
  consumerLeft: () => {
    throw new Error('nobody is late')
  },
}

/** Publishes dead letters to one queue, and notes them. */
export class TestHost implements QueueHost {
  readonly letters: [DeadLetterReason, string][] = []
  readonly unusedQueues: string[] = []
  readonly leftQueues: string[] = []
  target: Queue | null = null

  deadLetter(
    _queue: Queue,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean {
    if (isSure && this.target?.refuses(message) !== false) return false
    this.letters.push([reason, textOf(message)])
    this.target?.publish(message)
    return true
  }

  consumerLeft(queue: Queue): void {
    this.leftQueues.push(queue.name)
  }

  unused(queue: Queue): void {
    this.unusedQueues.push(queue.name)
  }
}

export const textOf = (message: MessageView): string => Buffer.from(message.body).toString()

interface Wishes {
  readonly transient?: boolean
  readonly priority?: number
  readonly expiration?: string
}

/** A message with that body. */
export function messageOf(body: string, wishes: Wishes = {}): MessageView {
  let flags = 1 << 12
  const values = [wishes.transient === true ? 1 : 2]
  if (wishes.priority !== undefined) {
    flags |= 1 << 11
    values.push(wishes.priority)
  }
  if (wishes.expiration !== undefined) {
    flags |= 1 << 8
    values.push(wishes.expiration.length, ...Buffer.from(wishes.expiration))
  }
  const properties = Uint8Array.of(flags >> 8, flags & 255, ...values)
  return new MessageView().set('ex', 'key', properties, Buffer.from(body))
}

/** A message with that body that says how long it has to wait. */
export function delayedMessage(
  body: string,
  delayMs: number,
  wishes: Pick<Wishes, 'transient'> = {},
): MessageView {
  const properties = buildProperties([
    octetProperty(property.deliveryMode, wishes.transient === true ? 1 : 2),
    tableProperty(new Map([['x-delay', { type: 'l', value: BigInt(delayMs) }]])),
  ])
  return new MessageView().set('ex', 'key', properties, Buffer.from(body))
}

export interface Delivery {
  readonly id: number
  readonly text: string
  readonly redelivered: boolean
  readonly failures: number
  readonly deliveries: number
}

export class TestConsumer implements Consumer {
  room: number
  readonly got: Delivery[] = []
  cancelReason: CancelReason | null = null
  #wanted = 0
  #wake: () => void = () => undefined

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room
  }

  deliver(
    id: number,
    message: MessageView,
    redelivered: boolean,
    failures: number,
    deliveries: number,
  ): void {
    this.room--
    this.got.push({ id, text: textOf(message), redelivered, failures, deliveries })
    if (this.got.length === this.#wanted) this.#wake()
  }

  /** Resolves when it has had so many: what is on the disk comes later. */
  async has(count: number): Promise<this> {
    this.#wanted = count
    if (this.got.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this
  }

  cancelled(reason: CancelReason): void {
    this.cancelReason = reason
  }

  get texts(): string[] {
    return this.got.map((d) => d.text)
  }
}

/** Subscribes it, and lets it have what is there. */
export function subscribe(
  queue: Queue,
  consumer: Consumer,
  options: { settled?: boolean; exclusive?: boolean; priority?: number } = {},
) {
  const wanted = { settled: false, exclusive: false, priority: 0, ...options }
  const subscription = queue.consume(consumer, wanted)
  subscription?.resume()
  return subscription
}
