// Declaring and deleting queues of one vhost: RabbitMQ's checks in RabbitMQ's order, the metadata,
// and then what all can see. Who may do it was asked before (`session-vhost`).

import { madeHere } from '../../metadata/queue-topics.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { topicId } from '../../model/ids.ts'

import { cleanName, type QueueDefinition, reservedPrefix } from '../declarations/definitions.ts'
import { sameText } from '../declarations/equivalence.ts'

import { checkArgumentSize } from '../declarations/limits.ts'
import {
  checkQueueArguments,
  queueSettings,
  queueType,
  sameQueueArguments,
  topicOfQueue,
} from '../declarations/queue-arguments.ts'
import { labelOf, locked, notFound, reservedName } from '../declarations/refusals.ts'
import type { QueueWish } from './api.ts'
import type { HostedQueue } from './hosted-queue.ts'
import type { HostedStream } from './hosted-stream.ts'
import { StreamChanges } from './stream-changes.ts'
import type { VhostCore } from './vhost-core.ts'

/** Who has chosen the name of a queue: a client, `nameFor`, or definitions that are taken in. */
export type NamedBy = 'client' | 'node' | 'definitions'

/** Random bytes of a name that the node gives. */
const nameBytes = 16

/** It was declared again, or asked for: `x-expires` begins anew. */
export function touch({ definition, used }: HostedQueue): void {
  if (queueType(definition.arguments) === 'classic') used?.touch()
}

export class QueueChanges {
  readonly #core: VhostCore
  readonly #streams: StreamChanges

  constructor(core: VhostCore) {
    this.#core = core
    this.#streams = new StreamChanges(core)
  }

  /** The name that a declaration means, and a new one for ''. */
  nameFor(wished: string): string {
    const name = cleanName(wished)
    if (name !== '') return name
    const random = Buffer.from(this.#core.parts.chance.bytes(nameBytes))
    return `${madeHere}${random.toString('base64url')}`
  }

  /** `wish.name` is final. */
  async declare(
    wish: QueueWish,
    session: object,
    namedBy: NamedBy,
  ): Promise<Result<HostedQueue | HostedStream>> {
    if (namedBy === 'client' && wish.name.startsWith(reservedPrefix))
      return reservedName('queue', wish.name)
    this.#core.parts.queueChurn.declared++
    const existing = this.#existing(wish, session)
    if (existing !== null) return existing
    return this.#core.lane.run(async () => {
      // While this waited for its turn, somebody else may have made it.
      const found = this.#existing(wish, session)
      if (found !== null) return found
      const isStream = queueType(wish.arguments) === 'stream'
      return isStream
        ? this.#streams.make(wish, namedBy === 'definitions')
        : this.#make(wish, session, namedBy)
    })
  }

  #existing(wish: QueueWish, session: object): Result<HostedQueue | HostedStream> | null {
    const queue = this.#core.queues.get(wish.name)
    if (queue !== undefined) return this.#again(queue, wish, session)
    const stream = this.#core.streams.get(wish.name)
    return stream === undefined ? null : this.#streams.again(stream, wish)
  }

  #again(hosted: HostedQueue, wish: QueueWish, session: object): Result<HostedQueue> {
    const { definition } = hosted
    const label = labelOf('queue', wish.name, this.#core.name)
    if (hosted.owner !== (wish.exclusive ? session : null))
      return locked(wish.name, this.#core.name)
    const durable = sameText('durable', label, wish.durable && !wish.exclusive, definition.durable)
    if (!durable.ok) return durable
    const autoDelete = sameText('auto_delete', label, wish.autoDelete, definition.autoDelete)
    if (!autoDelete.ok) return autoDelete
    const same = sameQueueArguments(wish.arguments, definition.arguments, label)
    if (!same.ok) return same
    touch(hosted)
    return ok(hosted)
  }

  async #make(wish: QueueWish, session: object, namedBy: NamedBy): Promise<Result<HostedQueue>> {
    const core = this.#core
    const label = labelOf('queue', wish.name, core.name)
    const checked = checkQueueArguments(wish.arguments, wish, label)
    if (!checked.ok) return checked
    if (namedBy === 'node' && queueType(wish.arguments) === 'quorum')
      return refuse(
        'preconditionFailed',
        'Cannot declare a server-named queue for type rabbit_quorum_queue',
      )
    if (core.isGone) return refuse('vhostNotFound', `vhost ${core.name} not found`)
    const sized = checkArgumentSize(wish.arguments, `declare ${label}`)
    if (!sized.ok) return sized
    const place = core.queueRoom.take(wish.name, 'declare queue', namedBy === 'definitions')
    if (!place.ok) return place
    try {
      return await this.#add(wish, session)
    } finally {
      place.value()
    }
  }

  /** Checked, and there is room for it. */
  async #add(wish: QueueWish, session: object): Promise<Result<HostedQueue>> {
    const core = this.#core
    const taken = core.writes.topicFault(wish.name)
    if (!taken.ok) return taken
    const definition = {
      name: wish.name,
      durable: wish.durable && !wish.exclusive,
      autoDelete: wish.autoDelete,
      arguments: wish.arguments,
      topic: topicId(core.parts.chance.uuid()),
    }
    const owner = wish.exclusive ? session : null
    const topic = topicOfQueue(wish.arguments)
    if (topic !== null) return this.#makeOver(topic, definition, owner)
    if (definition.durable) {
      const lanes = queueSettings(wish.arguments, true).priorities + 1
      const written = await core.writes.queue(definition, lanes)
      if (!written.ok) return written
    }
    const hosted = core.newQueue(definition, owner)
    core.addQueue(hosted)
    return ok(hosted)
  }

  /** Where it begins is in its ledger before anybody knows of it. */
  async #makeOver(
    topic: string,
    definition: QueueDefinition,
    owner: object | null,
  ): Promise<Result<HostedQueue>> {
    const core = this.#core
    const { queues, streams } = core.parts
    const source = core.streams.get(topic)
    if (core.queues.has(topic))
      return refuse(
        'preconditionFailed',
        `x-topic: ${topic} is a queue; it names a topic or a stream`,
      )
    if (source === undefined) return notFound('queue', topic, core.name)
    const start = definition.arguments.get('x-stream-offset')
    const starts = await streams.startsOf(source.topic, start)
    if (!starts.ok) return starts
    const hosted = core.newQueue(definition, owner, source)
    hosted.queue.feed?.beginAt(starts.value)
    if (definition.durable) {
      await new Promise<void>((durable) => queues.flush(durable))
      const written = await core.writes.queue(definition, 1)
      if (!written.ok || core.streams.get(topic) !== source) {
        await hosted.queue.drop()
        return written.ok ? notFound('queue', topic, core.name) : written
      }
    }
    // While it was written, policies may have changed.
    core.followPolicies(hosted)
    core.addQueue(hosted)
    hosted.queue.feed?.begin()
    return ok(hosted)
  }

  /** How many ready messages went with it; none when there is no such queue any more. */
  delete(hosted: HostedQueue, ifUnused: boolean, ifEmpty: boolean): Promise<Result<number>> {
    const label = labelOf('queue', hosted.name, this.#core.name)
    return this.#core.lane.run(async () => {
      if (hosted.isGone) return ok(0)
      const { ready, consumerCount } = hosted.figures
      if (ifUnused && consumerCount > 0) return refuse('preconditionFailed', `${label} in use`)
      if (ifEmpty && ready > 0) return refuse('preconditionFailed', `${label} not empty`)
      await this.#core.deleteQueue(hosted)
      return ok(ready)
    })
  }
}
