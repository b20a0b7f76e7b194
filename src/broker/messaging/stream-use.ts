// Reading streams of one vhost, in RabbitMQ's words where it refuses. A super stream is read by one
// consumer: all partitions of a topic, or the streams bound to an exchange of that name, or those
// called NAME-0, NAME-1 and so on.
import { assert } from '../../base/assert.ts'
import { queueTopic } from '../../metadata/queue-topics.ts'
import { ok, type Refusal, type Result, refuse } from '../../model/errors.ts'
import { integerOf } from '../../model/message/field.ts'
import type { MessageView } from '../../model/message/message.ts'
import type { Topic } from '../../model/topic.ts'
import type { Binding } from '../../routing/binding.ts'
import type { Consumer as StreamConsumer } from '../../stream/consumer.ts'
import type { StreamReader } from '../../stream/stream-reader.ts'
import { labelOf } from '../declarations/refusals.ts'
import type { Consumer, ConsumeWish, Subscription } from './api.ts'
import type { HostedQueue } from './hosted-queue.ts'
import type { HostedStream } from './hosted-stream.ts'
import type { VhostCore } from './vhost-core.ts'

/** Streams that one consumer reads. */
const partsMax = 1000

export const notOfStreams = (what: string, name: string, vhost: string) =>
  refuse('notSupported', `${what} not supported by stream queues ${labelOf('queue', name, vhost)}`)

/** The streams that a consumer of `name` reads; null: there is no such stream. */
export function streamsNamed(
  core: VhostCore,
  name: string,
  wish: ConsumeWish,
): readonly HostedStream[] | null {
  const own = core.streams.get(name)
  if (own !== undefined) return [own]
  const isSuper = wish.arguments.get('x-super-stream')
  if (isSuper?.type !== 't' || !isSuper.value) return null
  const bound = core.exchanges.has(name) ? core.routing.bindingsFrom(name) : []
  const names = bound.length > 0 ? inOrder(bound) : numbered(core, name)
  const found = names.map((each) => core.streams.get(each)).filter((each) => each !== undefined)
  return found.length === 0 ? null : found.slice(0, partsMax)
}

const orderArgument = 'x-stream-partition-order'

function inOrder(bindings: readonly Binding[]): readonly string[] {
  const orderOf = (b: Binding): number => integerOf(b.arguments.get(orderArgument)) ?? 0
  const targets = bindings
    .filter(({ kind }) => kind === 'queue')
    .sort((a, b) => orderOf(a) - orderOf(b) || (a.target < b.target ? -1 : 1))
    .map(({ target }) => target)
  return [...new Set(targets)]
}

function numbered({ streams }: VhostCore, name: string): readonly string[] {
  const names: string[] = []
  while (names.length < partsMax && streams.has(`${name}-${names.length}`))
    names.push(`${name}-${names.length}`)
  return names
}

type Refused = { readonly ok: false } & Refusal

function fault(name: string, vhost: string, wish: ConsumeWish): Refused | null {
  if (wish.settled) return notOfStreams('automatic acknowledgement', name, vhost)
  if ((wish.prefetch ?? 0) > 0) return null
  const label = labelOf('queue', name, vhost)
  return refuse('preconditionFailed', `consumer prefetch count is not set for '${label}'`)
}

/** What a stream gives never counts as failed. */
class Unfailing implements StreamConsumer {
  readonly #consumer: Consumer
  readonly #gone: () => void

  constructor(consumer: Consumer, gone: () => void) {
    this.#consumer = consumer
    this.#gone = gone
  }

  get room(): number {
    return this.#consumer.room
  }

  deliver(id: number, message: MessageView, redelivered: boolean): void {
    this.#consumer.deliver(id, message, redelivered, 0, 0)
  }

  cancelled(reason: 'queueDeleted'): void {
    this.#gone()
    this.#consumer.cancelled(reason)
  }
}

/** What can be read from any place on: a stream, or a queue that keeps what is settled. */
export interface Readable {
  readonly topic: Topic
  readonly readers: Set<StreamReader>
}

/**
 * The log of a queue, for a consumer that says from where (`x-stream-offset`); null: what is
 * settled is not kept, or in more logs than one.
 */
export function replayOf({ parts }: VhostCore, hosted: HostedQueue): Readable | null {
  const { settings, stock } = hosted.queue
  const [lane] = stock.lanes
  const isKept = settings.durable && settings.replayMs > 0 && stock.lanes.length === 1
  if (!isKept || lane === undefined || hosted.source !== null) return null
  const { name, definition } = hosted
  const topic = queueTopic(parts.image, lane.log.topicName, definition.topic)
  assert(topic.id === lane.log.topic, `the log of ${name} is that of its topic`)
  return { topic, readers: hosted.replays }
}

/**
 * `streams` are those that `wish` names, and may be read. `hold` is called when the consumer is
 * there, and what it returns when it is no more.
 */
export async function consumeStreams(
  core: VhostCore,
  streams: readonly Readable[],
  wish: ConsumeWish,
  consumer: Consumer,
  hold: (subscription: Subscription) => () => void,
): Promise<Result<Subscription>> {
  const name = wish.queue
  const refused = fault(name, core.name, wish)
  if (refused !== null) return refused
  let leave = (): void => undefined
  const topics = streams.map(({ topic }) => topic)
  const reading = new Unfailing(consumer, () => leave())
  const { consumers } = core.parts.queues
  consumers.count++
  const started = await core.parts.streams.consumeAll(name, topics, wish, reading)
  if (!started.ok) {
    consumers.count--
    return started
  }
  const reader = started.value
  for (const stream of streams) {
    stream.readers.add(reader)
    // It may have more partitions by now.
    core.parts.streams.follow(reader, stream.topic)
  }
  const subscription = {
    queue: reader,
    isActive: true,
    // Nobody else has what it reads.
    wake: () => undefined,
    resume: () => reader.resume(),
    cancel: () => {
      leave()
      return reader.cancel()
    },
  }
  const letGo = hold(subscription)
  leave = () => {
    leave = () => undefined
    consumers.count--
    for (const stream of streams) stream.readers.delete(reader)
    letGo()
  }
  return ok(subscription)
}
