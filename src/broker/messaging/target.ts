// What messages of a vhost are routed to: a queue, a stream, or what keeps them until they are
// routed on.
import type { MessageView } from '../../model/message/message.ts'
import type { QueueDefinition } from '../declarations/definitions.ts'

export interface Target {
  readonly name: string
  /** Null: it is no queue, and cannot be bound. */
  readonly definition: QueueDefinition | null
  /** The stream whose records are its messages; null: it has its own. */
  readonly source: Target | null
  /** Messages that come again are left out. */
  readonly leavesOut?: boolean
  /** What it gets may die in the same call, and go on to others. */
  readonly sendsOnAtOnce?: boolean
  /** It was taken away. */
  readonly isGone: boolean
  /** It routes the message itself, later, and wants all that its sender has said. */
  readonly routesOn: boolean
  /** Flags of `Published`. The message and its views are used only during the call. */
  publish(message: MessageView): number
  /** Whether `publish` would refuse it now. */
  refuses(message: MessageView): boolean
  /** What was published is to go to the disk with what is settled for it, or before. */
  moved(): void
}

/** What one sends on comes behind what the others get, and finds the room that they have left. */
export function sendersLast(targets: readonly Target[]): readonly Target[] {
  if (targets.length < 2 || !targets.some(sendsOn)) return targets
  return [...targets.filter((to) => !sendsOn(to)), ...targets.filter(sendsOn)]
}

const sendsOn = (to: Target): boolean => to.sendsOnAtOnce === true
