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
import type { Once } from './once.ts'
import type { Target } from './target.ts'

export interface HostedQueueHooks {
  deadLetter(
    from: HostedQueue,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean
  unused(queue: HostedQueue): void
  consumerTimedOut(queue: HostedQueue): void
  /** Null: the arguments do not ask for it. */
  once(table: FieldTable): Once | null
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
  /** Messages that come again are left out; null: they are not. */
  readonly #once: Once | null
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
    this.#once = hooks.once(definition.arguments)
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
    const to = this.source ?? this.queue
    return this.#once === null ? to.publish(message) : this.#once.publish(message, to)
  }

  /** It is taken away. */
  gone(): void {
    this.isGone = true
    this.#once?.clear()
  }

  /** Queues see to it themselves. */
  moved(): void {
    this.source?.moved()
  }

  refuses(message: MessageView): boolean {
    return (this.source ?? this.queue).refuses(message)
  }

  deadLetter(
    _queue: Queue,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean {
    return this.#hooks.deadLetter(this, message, reason, isSure)
  }

  consumerLeft(_queue: Queue): void {
    this.#hooks.consumerTimedOut(this)
  }

  unused(_queue: Queue): void {
    this.#hooks.unused(this)
  }
}
