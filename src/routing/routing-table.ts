// The exchanges, queues and bindings of one vhost, and which queues a message reaches. Synchronous;
// Q is what the owner keeps for a queue. A route goes from exchange to exchange, each once, so that
// cycles end; an exchange none of whose bindings matches hands on to its alternate. Every change
// moves `version`, and remembered routes of older versions do not count. Bindings go with their
// source and with their target: at once for every route and listing, and from the table step by
// step, since there may be very many.
//
// An exchange that delays hands what has to wait to where it waits, and nowhere else.
//
//   exchange ──matcher──▶ queue (each once) | exchange ──▶ …      nothing matches ──▶ alternate
import { assert } from '../base/assert.ts'
import { delayMsOf } from '../model/message/delay.ts'
import type { FieldTable } from '../model/message/field.ts'
import type { MessageView } from '../model/message/message.ts'
import { type Binding, bindingId, type TargetKind } from './binding.ts'
import { matcherOf, routingType } from './exchange-types.ts'
import type { Budget, Edge, Matcher } from './matcher.ts'

/** Routes that one exchange remembers; with more keys in use it forgets all and begins again. */
const routesMax = 1024
/** Steps of one message through topic exchanges: some ten milliseconds. */
const stepsMax = 500_000

interface QueueEnd<Q> {
  readonly queue: Q
  isGone: boolean
  /** Bindings to it, by `bindingId`. */
  readonly toIt: Map<string, Bound<Q>>
}

interface Source<Q> {
  readonly name: string
  isGone: boolean
  readonly toIt: Map<string, Bound<Q>>
  readonly matcher: Matcher<To<Q>>
  /** Where messages wait that have a delay; null: they do not. */
  readonly waiting: Q | null
  /** Bindings from it, by `bindingId`. */
  readonly fromIt: Map<string, Bound<Q>>
  alternate: string | null
  /** The walk that last came by. */
  walk: number
  /** Of `routesVersion`, by routing key. */
  readonly routes: Map<string, Route<Q>>
  routesVersion: number
}

type To<Q> = QueueEnd<Q> | Source<Q>

interface Bound<Q> extends Edge<To<Q>> {
  /** Its `bindingId`. */
  readonly id: string
  readonly from: Source<Q>
}

/** A binding that has gone with one of its ends, and its `bindingId`. */
export interface Gone {
  readonly id: string
  readonly binding: Binding
}

/** Where a message goes. */
export interface Route<Q> {
  /** Each once, and of those that share their messages one. */
  readonly queues: readonly Q[]
  /** Whether nothing but the routing key has decided. */
  readonly isByKey: boolean
  /** False: it took too many steps, and there may be more queues. */
  readonly isWhole: boolean
}

const noKeys: readonly string[] = []

/** What a table has to know of queues that share their messages. */
export interface Sharing<Q> {
  /** What keeps the messages of a queue. */
  placeOf(queue: Q): unknown
  /** Whether it leaves none out: of those of one place it comes before others. */
  takesAll(queue: Q): boolean
}

const nothingShared: Sharing<unknown> = { placeOf: (queue) => queue, takesAll: () => true }

/** The queues that a walk has come to. */
class Reached<Q> {
  readonly queues: Q[] = []
  /** Where in `queues` the one of a place stands. */
  readonly #places = new Map<unknown, number>()
  readonly #sharing: Sharing<Q>

  constructor(sharing: Sharing<Q>) {
    this.#sharing = sharing
  }

  add(queue: Q): void {
    const place = this.#sharing.placeOf(queue)
    const at = this.#places.get(place)
    if (at === undefined) this.#places.set(place, this.queues.push(queue) - 1)
    else if (this.#sharing.takesAll(queue)) this.queues[at] = queue
  }
}

export class RoutingTable<Q> {
  readonly #sources = new Map<string, Source<Q>>()
  readonly #queues = new Map<string, QueueEnd<Q>>()
  #version = 1
  #walk = 0
  #bindingCount = 0
  readonly #sharing: Sharing<Q>

  constructor(sharing: Sharing<Q> = nothingShared) {
    this.#sharing = sharing
  }

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
      isGone: false,
      toIt: new Map(),
      matcher: matcherOf(routingType(type, table), table),
      waiting,
      fromIt: new Map(),
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
    this.#queues.set(name, { queue, isGone: false, toIt: new Map() })
  }

  queue(name: string): Q | undefined {
    return this.#queues.get(name)?.queue
  }

  /** No route leads to it or from it any more; its bindings go as `#leave` says. */
  removeExchange(name: string): Iterable<Gone> {
    const source = this.#sources.get(name)
    if (source === undefined) return []
    this.#version++
    source.isGone = true
    this.#sources.delete(name)
    return this.#leave(source.fromIt, source.toIt)
  }

  /** No route leads to it any more; its bindings go as `#leave` says. */
  removeQueue(name: string): Iterable<Gone> {
    const end = this.#queues.get(name)
    if (end === undefined) return []
    this.#version++
    end.isGone = true
    this.#queues.delete(name)
    return this.#leave(end.toIt)
  }

  /**
   * Takes away one binding for each step, so that whoever steps through many can pause: they count
   * for nothing any more. All steps have to be made before anything is bound again.
   */
  *#leave(...all: readonly Map<string, Bound<Q>>[]): Generator<Gone> {
    for (const bindings of all)
      for (const bound of bindings.values()) {
        this.#drop(bound)
        yield bound
      }
  }

  #drop(bound: Bound<Q>): void {
    const { id, from, to } = bound
    from.fromIt.delete(id)
    to.toIt.delete(id)
    // What is gone is asked for no match.
    if (!from.isGone) from.matcher.remove(bound)
    this.#bindingCount--
  }

  has(binding: Binding): boolean {
    return this.#sources.get(binding.source)?.fromIt.has(bindingId(binding)) ?? false
  }

  /** Both ends must be in the table. False: it was there. */
  bind(binding: Binding): boolean {
    const from = this.#source(binding.source)
    const id = bindingId(binding)
    const known = from.fromIt.get(id)
    assert(known?.to.isGone !== true, 'what is gone has taken its bindings along')
    if (known !== undefined) return false
    const bound = { id, binding, from, to: this.#end(binding.kind, binding.target) }
    bound.to.toIt.set(id, bound)
    from.fromIt.set(id, bound)
    from.matcher.add(bound)
    this.#bindingCount++
    this.#version++
    return true
  }

  /** False: there is none. */
  unbind(binding: Binding): boolean {
    const bound = this.#sources.get(binding.source)?.fromIt.get(bindingId(binding))
    if (bound === undefined) return false
    this.#drop(bound)
    this.#version++
    return true
  }

  hasBindingsFrom(exchange: string): boolean {
    for (const { to } of this.#sources.get(exchange)?.fromIt.values() ?? [])
      if (!to.isGone) return true
    return false
  }

  bindingsFrom(exchange: string): Binding[] {
    const bindings: Binding[] = []
    for (const { to, binding } of this.#sources.get(exchange)?.fromIt.values() ?? [])
      if (!to.isGone) bindings.push(binding)
    return bindings
  }

  bindingsTo(kind: TargetKind, name: string): Binding[] {
    const ends: ReadonlyMap<string, To<Q>> = kind === 'queue' ? this.#queues : this.#sources
    const bindings: Binding[] = []
    for (const { from, binding } of ends.get(name)?.toIt.values() ?? [])
      if (!from.isGone) bindings.push(binding)
    return bindings
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
      const end = this.#queues.get(routingKey)
      return end === undefined ? [] : [end.queue]
    }
    const found = new Reached(this.#sharing)
    for (const key of [routingKey, ...moreKeys]) {
      const end = this.#queues.get(key)
      if (end !== undefined) found.add(end.queue)
    }
    return found.queues
  }

  #explore(from: Source<Q>, message: MessageView, moreKeys: readonly string[]): Route<Q> {
    const reached = new Reached(this.#sharing)
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
    const found = (end: To<Q>): void => {
      if (end.isGone) return
      matched = true
      if ('matcher' in end) visit(end)
      else reached.add(end.queue)
    }
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      if (budget.left < 0) break
      matched = false
      isByKey &&= source.matcher.isByKey && source.waiting === null
      if (source.waiting !== null && delayMsOf(message) > 0) {
        reached.add(source.waiting)
        continue
      }
      source.matcher.match(message.routingKey, message, found, budget)
      if (source.matcher.isByKey)
        for (const key of moreKeys) source.matcher.match(key, message, found, budget)
      if (matched || source.alternate === null) continue
      if (source.alternate !== '') visit(this.#sources.get(source.alternate))
      else for (const queue of this.#routeByName(message.routingKey, moreKeys)) reached.add(queue)
    }
    return { queues: reached.queues, isByKey, isWhole: budget.left >= 0 }
  }

  #source(name: string): Source<Q> {
    const source = this.#sources.get(name)
    assert(source !== undefined, `exchange ${name} is in the table`)
    return source
  }

  #end(kind: TargetKind, name: string): To<Q> {
    if (kind === 'exchange') return this.#source(name)
    const end = this.#queues.get(name)
    assert(end !== undefined, `queue ${name} is in the table`)
    return end
  }
}
