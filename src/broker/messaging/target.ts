// What messages of a vhost are routed to: a queue, or a stream.
import type { MessageView } from '../../model/message/message.ts'
import type { QueueDefinition } from './definitions.ts'

export interface Target {
  readonly name: string
  readonly definition: QueueDefinition
  /** Flags of `Published`. The message and its views are used only during the call. */
  publish(message: MessageView): number
  /** What was published is to go to the disk with what is settled for it, or before. */
  moved(): void
}
