// What messages of a vhost are routed to: a queue, or what keeps them until they are routed on.
import type { MessageView } from '../../model/message/message.ts'

export interface Target {
  readonly name: string
  /** It routes the message itself, later, and wants all that its sender has said. */
  readonly routesOn: boolean
  /** Flags of `Published`. The message and its views are used only during the call. */
  publish(message: MessageView): number
  /** Whether `publish` would refuse it now. */
  refuses(message: MessageView): boolean
}
