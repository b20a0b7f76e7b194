// Exchanges of type fanout: every binding matches.
import type { MessageView } from '../model/message/message.ts'
import type { Edge, End, Matcher } from './matcher.ts'

export class FanoutMatcher<T extends End> implements Matcher<T> {
  readonly isByKey = true
  readonly #edges = new Set<Edge<T>>()

  add(edge: Edge<T>): void {
    this.#edges.add(edge)
  }

  remove(edge: Edge<T>): void {
    this.#edges.delete(edge)
  }

  match(_routingKey: string, _message: MessageView, found: (to: T) => void): void {
    for (const { to } of this.#edges) found(to)
  }
}
