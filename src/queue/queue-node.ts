// What a queue asks of its node: `Queues`.
import type { ConsumerTally } from './consumers.ts'
import type { Sleeper } from './memory/wake-ups.ts'
import type { QueueOptions } from './queue-options.ts'

/** Who has something to do at the end of a turn. */
export interface Attended extends Sleeper {
  /** It is in the node's list. */
  isAttended: boolean
  /** True: there is more to do, in another turn, so that others have theirs. */
  work(): boolean
}

export interface QueueNode {
  now(): number
  readonly consumers: ConsumerTally
  /** The largest message that fits the journal, properties and all. */
  readonly messageBytesMax: number
  /** Calls `queue.work` before the turn's flush, or soon. */
  attend(queue: Attended): void
  wakeAt(queue: Attended, atMs: number): void
  /** Moves have to wait: nothing more can be placed now. */
  readonly isFull: boolean
  /** So much has moved in this turn that it is to be placed before more does. */
  readonly isLaden: boolean
  /** What is published now comes from where it is settled by the same write. */
  readonly isMoving: boolean
  /** It ends: nothing is delivered any more. */
  readonly isClosing: boolean
  /** Publishes to dead-letter targets within one call, and says what `act` says, or false. */
  deadLetter(act: () => boolean): boolean
  readonly options: QueueOptions
  /** Deletes the logs of what is gone. */
  gone(queue: GoneQueue): Promise<void>
}

export interface GoneQueue extends Sleeper {
  readonly topic: string
  readonly stock: { readonly lanes: readonly unknown[] }
}
