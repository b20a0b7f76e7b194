// What makes an exchange of its type: which of its bindings a message matches. Matchers are
// synchronous and pure but for the bindings they hold; a routing table gives them each binding
// once.
import type { MessageView } from '../model/message/message.ts'
import type { Binding } from './binding.ts'

/** What bindings lead to. */
export interface End {
  /** It was taken away, and its bindings are going: none of them counts any more. */
  readonly isGone: boolean
}

/** A binding with what a table found for its target when it was made. */
export interface Edge<T extends End> {
  readonly binding: Binding
  readonly to: T
}

/** Steps that one message's route may take, all its exchanges and keys together. */
export interface Budget {
  /** Negative: used up, and nothing more is looked for. */
  left: number
}

export interface Matcher<T extends End> {
  /** The routing key alone decides, so that it says the route. False: it does not count at all. */
  readonly isByKey: boolean
  add(edge: Edge<T>): void
  /** Must be the edge that was added. */
  remove(edge: Edge<T>): void
  /** Calls `found` for what matches; a target may come more than once, and may be gone. */
  match(routingKey: string, message: MessageView, found: (to: T) => void, budget: Budget): void
}
