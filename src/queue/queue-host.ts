// What a queue asks of whoever keeps exchanges: the broker.
import type { MessageView } from '../model/message/message.ts'

/** Ledgers hold their indexes: new ones come last. */
export const deadLetterReasons = ['rejected', 'expired', 'maxlen', 'delivery_limit'] as const
export type DeadLetterReason = (typeof deadLetterReasons)[number]

/** Which queue it is. */
export interface QueueName {
  readonly name: string
  /** The topic's id. */
  readonly topic: string
}

export interface QueueHost {
  /**
   * A message leaves `queue`, which settles it after the call. Publishes it where it belongs, in
   * this turn: both go to the disk in one piece, so that it is neither lost nor there twice.
   * `message` is valid during the call only. `isSure`: all have to take it; false when somebody
   * would not, or nobody is there: nothing was published then.
   */
  deadLetter(
    queue: QueueName,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean
  /** A consumer was cancelled because its time was over. */
  consumerLeft(queue: QueueName): void
  /** Nobody has used it for `expiresMs`: it is to be deleted. */
  unused(queue: QueueName): void
}
