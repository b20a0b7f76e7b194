// A queue of a vhost: its definition, who owns it, and the queue that holds its messages. The queue
// asks it what shall become of dead letters, and tells it when nobody has used it for long. A vhost
// makes it, and gives it to sessions and routes.
import { assert } from '../../base/assert.ts'
import type { FieldTable } from '../../model/message/field.ts'
import type { MessageView } from '../../model/message/message.ts'
import type { Queue } from '../../queue/queue.ts'
import type { DeadLetterReason, QueueHost } from '../../queue/queue-host.ts'
import type { QueueDefinition } from '../declarations/definitions.ts'
import type { HostedStream } from './hosted-stream.ts'
import type { Target } from './target.ts'

export interface HostedQueueHooks {
  deadLetter(from: HostedQueue, message: MessageView, reason: DeadLetterReason): void
  unused(queue: HostedQueue): void
}

export class HostedQueue implements QueueHost, Target {
  readonly routesOn = false
  readonly definition: QueueDefinition
  /** The session that alone may use it; null: all may. */
  readonly owner: object | null
  /** The topic whose records are its messages; null: it has its own. */
  readonly source: HostedStream | null
  /** The arguments that hold now: those of the definition, and what policies add to them. */
  inForce: FieldTable
  readonly #hooks: HostedQueueHooks
  /** What deletes itself does so only after it was used. */
  hadConsumer = false
  isGone = false
  #queue: Queue | null = null

  constructor(
    definition: QueueDefinition,
    owner: object | null,
    source: HostedStream | null,
    hooks: HostedQueueHooks,
  ) {
    this.definition = definition
    this.owner = owner
    this.source = source
    this.inForce = definition.arguments
    this.#hooks = hooks
  }

  get name(): string {
    return this.definition.name
  }

  get queue(): Queue {
    assert(this.#queue !== null, 'a hosted queue is in use only when it holds one')
    return this.#queue
  }

  hold(queue: Queue): this {
    this.#queue = queue
    return this
  }

  /** What comes to a queue over a topic is appended there, and comes back from it. */
  publish(message: MessageView): number {
    return this.source === null ? this.queue.publish(message) : this.source.publish(message)
  }

  /** Queues see to it themselves. */
  moved(): void {
    this.source?.moved()
  }

  refuses(message: MessageView): boolean {
    return this.queue.refuses(message)
  }

  deadLetter(_queue: Queue, message: MessageView, reason: DeadLetterReason): void {
    this.#hooks.deadLetter(this, message, reason)
  }

  unused(_queue: Queue): void {
    this.#hooks.unused(this)
  }
}
