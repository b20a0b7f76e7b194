// The exchanges, queues and bindings of one vhost, and which queues a message reaches. Synchronous;
// Q is what the owner keeps for a queue. A route goes from exchange to exchange, each once, so that
// cycles end; an exchange none of whose bindings matches hands on to its alternate. Every change
// moves `version`, and remembered routes of older versions do not count. Bindings go with their
// source and with their target.
//
// An exchange that delays hands what has to wait to where it waits, and nowhere else.
//
//   exchange ──matcher──▶ queue (each once) | exchange ──▶ …      nothing matches ──▶ alternate
import { assert } from '../base/assert.ts'
import { delayMsOf } from '../model/message/delay.ts'
import type { FieldTable } from '../model/message/field.ts'
import type { MessageView } from '../model/message/message.ts'
import { type Binding, bindingId, type TargetKind, targetId } from './binding.ts'
import { matcherOf, routingType } from './exchange-types.ts'
import type { Budget, Edge, Matcher } from './matcher.ts'

/** Routes that one exchange remembers; with more keys in use it forgets all and begins again. */
const routesMax = 1024
/** Steps of one message through topic exchanges: some ten milliseconds. */
const stepsMax = 500_000

type End<Q> =
  | { readonly queue: Q; readonly exchange: null }
  | { readonly queue: null; readonly exchange: Source<Q> }

interface Source<Q> {
  readonly name: string
  readonly matcher: Matcher<End<Q>>
  /** Where messages wait that have a delay; null: they do not. */
  readonly waiting: Q | null
  readonly bindings: Map<string, Edge<End<Q>>>
  alternate: string | null
  /** The walk that last came by. */
  walk: number
  /** Of `routesVersion`, by routing key. */
  readonly routes: Map<string, Route<Q>>
  routesVersion: number
}

/** Where a message goes. */
export interface Route<Q> {
  /** Each once. */
  readonly queues: readonly Q[]
  /** Whether nothing but the routing key has decided. */
  readonly isByKey: boolean
  /** False: it took too many steps, and there may be more queues. */
  readonly isWhole: boolean
}

const noKeys: readonly string[] = []

export class RoutingTable<Q> {
  readonly #sources = new Map<string, Source<Q>>()
  readonly #queues = new Map<string, Q>()
  /** By `targetId`. */
  readonly #byTarget = new Map<string, Map<string, Edge<End<Q>>>>()
  #version = 1
  #walk = 0
  #bindingCount = 0

  /** Moves whenever a route may have changed. */
  get version(): number {
    return this.#version
  }

  get bindingCount(): number {
    return this.#bindingCount
  }

  addExchange(
    name: string,
    type: string,
    table: FieldTable,
    alternate: string | null,
    waiting: Q | null = null,
  ): void {
    assert(!this.#sources.has(name), `exchange ${name} is in the table once`)
    this.#version++
    this.#sources.set(name, {
      name,
      matcher: matcherOf(routingType(type, table), table),
      waiting,
      bindings: new Map(),
      alternate,
      walk: 0,
      routes: new Map(),
      routesVersion: 0,
    })
  }

  hasExchange(name: string): boolean {
    return name === '' || this.#sources.has(name)
  }

  setAlternate(name: string, alternate: string | null): void {
    this.#version++
    this.#source(name).alternate = alternate
  }

  addQueue(name: string, queue: Q): void {
    assert(!this.#queues.has(name), `queue ${name} is in the table once`)
    this.#version++
    this.#queues.set(name, queue)
  }

  queue(name: string): Q | undefined {
    return this.#queues.get(name)
  }

  /** Returns the bindings that went with it. */
  removeExchange(name: string): Binding[] {
    const gone = [...this.bindingsFrom(name), ...this.bindingsTo('exchange', name)]
    // One that is bound to itself stands in both.
    for (const binding of gone) this.unbind(binding)
    this.#version++
    this.#sources.delete(name)
    return gone
  }

  /** Returns the bindings that went with it. */
  removeQueue(name: string): Binding[] {
    const gone = this.bindingsTo('queue', name)
    for (const binding of gone) this.unbind(binding)
    this.#version++
    this.#queues.delete(name)
    return gone
  }

  has(binding: Binding): boolean {
    return this.#sources.get(binding.source)?.bindings.has(bindingId(binding)) ?? false
  }

  /** Both ends must be in the table. False: it was there. */
  bind(binding: Binding): boolean {
    const source = this.#source(binding.source)
    const id = bindingId(binding)
    if (source.bindings.has(id)) return false
    const edge = { binding, to: this.#end(binding.kind, binding.target) }
    const target = targetId(binding.kind, binding.target)
    const toTarget = this.#byTarget.get(target) ?? new Map<string, Edge<End<Q>>>()
    this.#byTarget.set(target, toTarget)
    toTarget.set(id, edge)
    source.bindings.set(id, edge)
    source.matcher.add(edge)
    this.#bindingCount++
    this.#version++
    return true
  }

  /** False: there is none. */
  unbind(binding: Binding): boolean {
    const source = this.#sources.get(binding.source)
    const id = bindingId(binding)
    const edge = source?.bindings.get(id)
    if (source === undefined || edge === undefined) return false
    source.bindings.delete(id)
    source.matcher.remove(edge)
    const target = targetId(binding.kind, binding.target)
    const toTarget = this.#byTarget.get(target)
    if (toTarget?.delete(id) && toTarget.size === 0) this.#byTarget.delete(target)
    this.#bindingCount--
    this.#version++
    return true
  }

  bindingsFrom(exchange: string): Binding[] {
    return [...(this.#sources.get(exchange)?.bindings.values() ?? [])].map((e) => e.binding)
  }

  bindingsTo(kind: TargetKind, name: string): Binding[] {
    return [...(this.#byTarget.get(targetId(kind, name))?.values() ?? [])].map((e) => e.binding)
  }

  /**
   * The queues that a message published to `exchange` reaches; it must be in the table, and '' is
   * the default exchange. `moreKeys`: those that the sender has added.
   */
  route(exchange: string, message: MessageView, moreKeys = noKeys): Route<Q> {
    if (exchange === '')
      return {
        queues: this.#routeByName(message.routingKey, moreKeys),
        isByKey: true,
        isWhole: true,
      }
    const source = this.#source(exchange)
    if (moreKeys.length > 0) return this.#explore(source, message, moreKeys)
    if (source.routesVersion !== this.#version) {
      source.routes.clear()
      source.routesVersion = this.#version
    }
    const known = source.routes.get(message.routingKey)
    if (known !== undefined) return known
    const route = this.#explore(source, message, moreKeys)
    if (!route.isByKey) return route
    if (source.routes.size >= routesMax) source.routes.clear()
    source.routes.set(message.routingKey, route)
    return route
  }

  #routeByName(routingKey: string, moreKeys: readonly string[]): readonly Q[] {
    if (moreKeys.length === 0) {
      const queue = this.#queues.get(routingKey)
      return queue === undefined ? [] : [queue]
    }
    const found = new Set<Q>()
    for (const key of [routingKey, ...moreKeys]) {
      const queue = this.#queues.get(key)
      if (queue !== undefined) found.add(queue)
    }
    return [...found]
  }

  #explore(from: Source<Q>, message: MessageView, moreKeys: readonly string[]): Route<Q> {
    const queues = new Set<Q>()
    const waiting = [from]
    const walk = ++this.#walk
    from.walk = walk
    const budget: Budget = { left: stepsMax }
    let isByKey = true
    let matched = false
    const visit = (source: Source<Q> | undefined): void => {
      if (source === undefined || source.walk === walk) return
      source.walk = walk
      waiting.push(source)
    }
    const found = (end: End<Q>): void => {
      matched = true
      if (end.exchange === null) queues.add(end.queue)
      else visit(end.exchange)
    }
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      if (budget.left < 0) break
      matched = false
      isByKey &&= source.matcher.isByKey && source.waiting === null
      if (source.waiting !== null && delayMsOf(message) > 0) {
        queues.add(source.waiting)
        continue
      }
      source.matcher.match(message.routingKey, message, found, budget)
      for (const key of moreKeys) source.matcher.match(key, message, found, budget)
      if (matched || source.alternate === null) continue
      if (source.alternate !== '') visit(this.#sources.get(source.alternate))
      else for (const queue of this.#routeByName(message.routingKey, moreKeys)) queues.add(queue)
    }
    return { queues: [...queues], isByKey, isWhole: budget.left >= 0 }
  }

  #source(name: string): Source<Q> {
    const source = this.#sources.get(name)
    assert(source !== undefined, `exchange ${name} is in the table`)
    return source
  }

  #end(kind: TargetKind, name: string): End<Q> {
    if (kind === 'exchange') return { queue: null, exchange: this.#source(name) }
    const queue = this.#queues.get(name)
    assert(queue !== undefined, `queue ${name} is in the table`)
    return { queue, exchange: null }
  }
}
