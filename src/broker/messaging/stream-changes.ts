// Declaring and deleting streams of one vhost. Who may do it was asked before (`session-vhost`). A
// topic that nobody has declared is there too, as a stream without arguments.

import { ok, type Result, refuse } from '../../model/errors.ts'
import { topicId } from '../../model/ids.ts'
import { textField } from '../../model/message/field.ts'
import { sameText } from '../declarations/equivalence.ts'
import { checkArgumentSize } from '../declarations/limits.ts'
import { checkQueueArguments, sameQueueArguments } from '../declarations/queue-arguments.ts'
import { labelOf, locked } from '../declarations/refusals.ts'
import type { QueueWish } from './api.ts'
import type { HostedStream } from './hosted-stream.ts'

import type { VhostCore } from './vhost-core.ts'

/** What a topic that was not declared counts as declared with. */
export const plainStream = new Map([['x-queue-type', textField('stream')]])

export class StreamChanges {
  readonly #core: VhostCore

  constructor(core: VhostCore) {
    this.#core = core
  }

  /** A stream that is there, declared again as whatever. */
  again(stream: HostedStream, wish: QueueWish): Result<HostedStream> {
    const { definition } = stream
    const label = labelOf('queue', wish.name, this.#core.name)
    const checked = checkQueueArguments(wish.arguments, wish, label)
    if (!checked.ok) return checked
    if (wish.exclusive) return locked(wish.name, this.#core.name)
    const durable = sameText('durable', label, wish.durable, true)
    if (!durable.ok) return durable
    const autoDelete = sameText('auto_delete', label, wish.autoDelete, false)
    if (!autoDelete.ok) return autoDelete
    const same = sameQueueArguments(wish.arguments, definition.arguments, label)
    return same.ok ? ok(stream) : same
  }

  /** In the lane: nobody has the name. `isDefined`: definitions that are taken in have it. */
  async make(wish: QueueWish, isDefined: boolean): Promise<Result<HostedStream>> {
    const core = this.#core
    const { name } = wish
    const label = labelOf('queue', name, core.name)
    const checked = checkQueueArguments(wish.arguments, wish, label)
    if (!checked.ok) return checked
    if (core.isGone) return refuse('vhostNotFound', `vhost ${core.name} not found`)
    const sized = checkArgumentSize(wish.arguments, `declare ${label}`)
    if (!sized.ok) return sized
    const place = core.queueRoom.take(name, 'declare queue', isDefined)
    if (!place.ok) return place
    try {
      return await this.#add(wish)
    } finally {
      place.value()
    }
  }

  /** Checked, and there is room for it. */
  async #add(wish: QueueWish): Promise<Result<HostedStream>> {
    const core = this.#core
    const { name } = wish
    const topic = topicId(core.parts.chance.uuid())
    const table = wish.arguments
    const definition = { name, durable: true, autoDelete: false, arguments: table, topic }
    const made = await core.streamTopics.make(definition)
    // A client of another kind may have made it just now.
    const other = made.ok ? undefined : core.streams.get(name)
    if (other !== undefined) return this.again(other, wish)
    if (!made.ok) return made
    // The vhost may have heard of the topic already.
    const stream = core.streams.get(name) ?? core.addStream(definition, made.value, true)
    stream.definition = definition
    stream.isDeclared = true
    core.settleStream(stream)
    return ok(stream)
  }

  delete(stream: HostedStream, ifUnused: boolean, ifEmpty: boolean): Promise<Result<number>> {
    const flag = ifUnused ? 'if-unused' : 'if-empty'
    const label = labelOf('queue', stream.name, this.#core.name)
    return this.#core.lane.run(async () => {
      if (ifUnused || ifEmpty)
        return refuse(
          'notSupported',
          `cannot delete ${label}. queue.delete operations with ${flag} flag set are not ` +
            'supported by stream queues',
        )
      const gone = await this.#core.streamTopics.delete(stream)
      return gone.ok ? ok(0) : gone
    })
  }
}
