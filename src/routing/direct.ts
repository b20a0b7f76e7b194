// Exchanges of type direct: the routing key equals the binding key.
import type { MessageView } from '../model/message/message.ts'
import type { Edge, End, Matcher } from './matcher.ts'

export class DirectMatcher<T extends End> implements Matcher<T> {
  readonly isByKey = true
  readonly #byKey = new Map<string, Set<Edge<T>>>()

  add(edge: Edge<T>): void {
    const { routingKey } = edge.binding
    const edges = this.#byKey.get(routingKey)
    if (edges === undefined) this.#byKey.set(routingKey, new Set([edge]))
    else edges.add(edge)
  }

  remove(edge: Edge<T>): void {
    const { routingKey } = edge.binding
    const edges = this.#byKey.get(routingKey)
    if (edges?.delete(edge) && edges.size === 0) this.#byKey.delete(routingKey)
  }

  match(routingKey: string, _message: MessageView, found: (to: T) => void): void {
    const edges = this.#byKey.get(routingKey)
    if (edges !== undefined) for (const { to } of edges) found(to)
  }
}
