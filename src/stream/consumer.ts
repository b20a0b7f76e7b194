// What a stream gives its messages to: a consumer of any door, in the shape that the façade of the
// broker has it. Called by StreamReader only.
import type { MessageView } from '../model/message/message.ts'

/** Its methods must not throw, and not call the stream back. */
export interface Consumer {
  /** How many messages it takes now, 0: none. Asked before each delivery. */
  readonly room: number
  /** `message` and its views are used only during the call. `id` 0: it counts as settled. */
  deliver(id: number, message: MessageView, redelivered: boolean): void
  cancelled(reason: 'queueDeleted'): void
}
