// Exchanges of type x-consistent-hash: each message goes to one target, the same for the same hash
// of its routing key, of a header (`hash-header`) or of a property (`hash-property`). A binding's
// key is its target's weight. By rendezvous: every target draws a number from the hash and its own
// name, and the largest, weighted, wins; so a target that comes or goes moves only messages of its
// own share, and the order of the bindings does not matter.
import type { FieldTable } from '../model/message/field.ts'
import { textOf } from '../model/message/field.ts'
import { fieldText } from '../model/message/field-equality.ts'
import type { MessageView } from '../model/message/message.ts'
import { placeOf, property } from '../model/message/properties.ts'
import { targetId } from './binding.ts'
import type { Edge, End, Matcher } from './matcher.ts'

export const hashProperties: readonly string[] = ['message_id', 'correlation_id', 'timestamp']

/** What a binding key means; null: it is no weight. */
export const weightOf = (key: string): number | null =>
  /^0*[1-9]\d{0,8}$/.test(key) ? Number(key) : null

interface Candidate<T extends End> {
  readonly edge: Edge<T>
  readonly seed: number
  readonly weight: number
}

export class ConsistentHashMatcher<T extends End> implements Matcher<T> {
  readonly isByKey: boolean
  readonly #header: string | null
  readonly #property: string | null
  /** By target: of its bindings the first counts. */
  readonly #candidates = new Map<string, Map<Edge<T>, Candidate<T>>>()

  constructor(table: FieldTable) {
    this.#header = textOf(table.get('hash-header'))
    this.#property = textOf(table.get('hash-property'))
    this.isByKey = this.#header === null && this.#property === null
  }

  add(edge: Edge<T>): void {
    const { kind, target, routingKey } = edge.binding
    const id = targetId(kind, target)
    const candidate = { edge, seed: hashOf(id), weight: weightOf(routingKey) ?? 1 }
    const same = this.#candidates.get(id)
    if (same === undefined) this.#candidates.set(id, new Map([[edge, candidate]]))
    else same.set(edge, candidate)
  }

  remove(edge: Edge<T>): void {
    const id = targetId(edge.binding.kind, edge.binding.target)
    const same = this.#candidates.get(id)
    if (same?.delete(edge) && same.size === 0) this.#candidates.delete(id)
  }

  match(routingKey: string, message: MessageView, found: (to: T) => void): void {
    const hash = hashOf(this.#hashed(routingKey, message))
    let best: Candidate<T> | null = null
    let bestScore = 0
    for (const same of this.#candidates.values()) {
      const candidate = firstOf(same)
      if (candidate === null) continue
      // Uniform in (0, 1); -weight / ln(u) is largest with a chance in proportion to the weight.
      const draw = (mixed(hash ^ candidate.seed) + 0.5) / 2 ** 32
      const score = -candidate.weight / Math.log(draw)
      if (score <= bestScore) continue
      best = candidate
      bestScore = score
    }
    if (best !== null) found(best.edge.to)
  }

  #hashed(routingKey: string, message: MessageView): string {
    if (this.#header !== null) {
      const value = message.headers.get(this.#header)
      return value === undefined ? '' : fieldText(value)
    }
    switch (this.#property) {
      case null:
        return routingKey
      case 'message_id':
        return message.text(property.messageId) ?? ''
      case 'correlation_id':
        return message.text(property.correlationId) ?? ''
      default: {
        const at = placeOf(message.properties, property.timestamp)
        return at < 0 ? '' : Buffer.from(message.properties.subarray(at, at + 8)).toString('hex')
      }
    }
  }
}

/** Of one target, those that are there: the oldest. */
function firstOf<T extends End>(same: ReadonlyMap<Edge<T>, Candidate<T>>): Candidate<T> | null {
  for (const candidate of same.values()) if (!candidate.edge.to.isGone) return candidate
  return null
}

/** 32 bits that depend on every character: FNV-1a, mixed at the end. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mixed(hash)
}

/** Each bit of the outcome depends on each bit of `hash`. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
