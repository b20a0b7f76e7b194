// A vhost as one session sees it: permissions first, then names and exclusiveness, then the change.
// All refusals of a door's requests come from here or from what it calls.
import { ok, type Refusal, type Result, refuse } from '../../model/errors.ts'
import { textOf } from '../../model/message/field.ts'
import type { Binding, TargetKind } from '../../routing/binding.ts'
import type { Right } from '../../security/access/access-values.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import type {
  BindingWish,
  Consumer,
  ConsumeWish,
  ExchangeWish,
  Got,
  Publisher,
  QueueState,
  QueueWish,
  Subscription,
  Vhost,
} from './api.ts'
import { BindingChanges } from './binding-changes.ts'
import { cleanName, routesByTopic } from './definitions.ts'
import { ExchangeChanges } from './exchange-changes.ts'
import type { HostedQueue } from './hosted-queue.ts'
import { consumerTimeout } from './queue-arguments.ts'
import { QueueChanges } from './queue-changes.ts'
import { defaultExchange, labelOf, locked, noAccess, noTopicAccess, notFound } from './refusals.ts'
import type { VhostCore } from './vhost-core.ts'
import { VhostPublisher } from './vhost-publisher.ts'

type Refused = { readonly ok: false } & Refusal

export class SessionVhost implements Vhost {
  readonly #core: VhostCore
  readonly #session: object
  readonly #user: string
  readonly #authorizer: Authorizer
  readonly #queues: QueueChanges
  readonly #exchanges: ExchangeChanges
  readonly #bindings: BindingChanges

  constructor(core: VhostCore, session: object, user: string, authorizer: Authorizer) {
    this.#core = core
    this.#session = session
    this.#user = user
    this.#authorizer = authorizer
    this.#queues = new QueueChanges(core)
    this.#exchanges = new ExchangeChanges(core)
    this.#bindings = new BindingChanges(core)
  }

  get name(): string {
    return this.#core.name
  }

  // ---- Exchanges --------------------------------------------------------------------------------

  async declareExchange(asked: ExchangeWish): Promise<Result<null>> {
    const wish = { ...asked, name: cleanName(asked.name) }
    if (wish.name === '') return defaultExchange()
    const alternate = textOf(wish.arguments.get('alternate-exchange'))
    const refused =
      this.#lacks('configure', 'exchange', wish.name) ??
      (alternate === null
        ? null
        : (this.#lacks('read', 'exchange', wish.name) ??
          this.#lacks('write', 'exchange', alternate)))
    return refused ?? this.#exchanges.declare(wish)
  }

  checkExchange(asked: string): Result<null> {
    const name = cleanName(asked)
    if (name === '') return defaultExchange()
    return this.#core.exchanges.has(name) ? ok(null) : notFound('exchange', name, this.name)
  }

  async deleteExchange(asked: string, ifUnused: boolean): Promise<Result<null>> {
    const name = cleanName(asked)
    if (name === '') return defaultExchange()
    return this.#lacks('configure', 'exchange', name) ?? this.#exchanges.delete(name, ifUnused)
  }

  // ---- Queues -----------------------------------------------------------------------------------

  async declareQueue(asked: QueueWish): Promise<Result<QueueState>> {
    const isNamedHere = cleanName(asked.name) === ''
    const name = this.#queues.nameFor(asked.name)
    const wish = { ...asked, name }
    const deadLetters = textOf(wish.arguments.get('x-dead-letter-exchange'))
    const refused =
      this.#lacks('configure', 'queue', name) ??
      (deadLetters === null
        ? null
        : (this.#lacks('read', 'queue', name) ?? this.#lacks('write', 'exchange', deadLetters)))
    if (refused !== null) return refused
    const declared = await this.#queues.declare(wish, this.#session, isNamedHere)
    return declared.ok ? ok(stateOf(declared.value)) : declared
  }

  checkQueue(asked: string): Result<QueueState> {
    const found = this.#find(cleanName(asked))
    return found.ok ? ok(stateOf(found.value)) : found
  }

  async deleteQueue(asked: string, ifUnused: boolean, ifEmpty: boolean): Promise<Result<number>> {
    const name = cleanName(asked)
    const refused = this.#lacks('configure', 'queue', name)
    if (refused !== null) return refused
    const found = this.#find(name)
    if (found.ok) return this.#queues.delete(found.value, ifUnused, ifEmpty)
    return found.error === 'queueNotFound' ? ok(0) : found
  }

  async purgeQueue(asked: string): Promise<Result<number>> {
    const found = this.#permitted('read', cleanName(asked))
    return found.ok ? ok(found.value.queue.purge()) : found
  }

  #find(name: string): Result<HostedQueue> {
    const hosted = this.#core.queues.get(name)
    if (hosted === undefined) return notFound('queue', name, this.name)
    if (hosted.owner !== null && hosted.owner !== this.#session) return locked(name, this.name)
    return ok(hosted)
  }

  #permitted(permission: Right, name: string): Result<HostedQueue> {
    return this.#lacks(permission, 'queue', name) ?? this.#find(name)
  }

  #lacks(permission: Right, kind: TargetKind, name: string): Refused | null {
    if (this.#authorizer.may(this.#user, this.name, permission, name)) return null
    return noAccess(kind, name, this.name, this.#user)
  }

  // ---- Bindings ---------------------------------------------------------------------------------

  bindQueue(wish: BindingWish): Promise<Result<null>> {
    return this.#change('queue', wish, (binding) => this.#bindings.bind(binding))
  }

  unbindQueue(wish: BindingWish): Promise<Result<null>> {
    return this.#change('queue', wish, (binding) => this.#bindings.unbind(binding))
  }

  bindExchange(wish: BindingWish): Promise<Result<null>> {
    return this.#change('exchange', wish, (binding) => this.#bindings.bind(binding))
  }

  unbindExchange(wish: BindingWish): Promise<Result<null>> {
    return this.#change('exchange', wish, (binding) => this.#bindings.unbind(binding))
  }

  async #change(
    kind: TargetKind,
    wish: BindingWish,
    make: (binding: Binding) => Promise<Result<null>>,
  ): Promise<Result<null>> {
    const source = cleanName(wish.source)
    const target = cleanName(wish.destination)
    const { routingKey, arguments: table } = wish
    if (source === '' || (kind === 'exchange' && target === '')) return defaultExchange()
    const refused =
      this.#lacks('write', kind, target) ??
      this.#lacks('read', 'exchange', source) ??
      this.#lacksTopic(source, routingKey)
    if (refused !== null) return refused
    const found = kind === 'queue' ? this.#find(target) : null
    if (found !== null && !found.ok && found.error === 'resourceLocked') return found
    return make({ source, kind, target, routingKey, arguments: table })
  }

  #lacksTopic(exchange: string, key: string): Refused | null {
    const source = this.#core.exchanges.get(exchange)
    if (source === undefined || !routesByTopic(source)) return null
    if (this.#authorizer.mayTopic(this.#user, this.name, 'read', exchange, key)) return null
    return noTopicAccess(key, exchange, this.name, this.#user)
  }

  // ---- Messages ---------------------------------------------------------------------------------

  publisher(name: string): Result<Publisher> {
    const exchange = this.#core.exchanges.get(name)
    if (exchange === undefined) return notFound('exchange', name, this.name)
    const refused = this.#lacks('write', 'exchange', name)
    if (refused !== null) return refused
    if (exchange.internal)
      return refuse(
        'accessRefused',
        `cannot publish to internal ${labelOf('exchange', name, this.name)}`,
      )
    return ok(new VhostPublisher(this.#core, exchange, this.#user, this.#authorizer))
  }

  async consume(wish: ConsumeWish, consumer: Consumer): Promise<Result<Subscription>> {
    const name = cleanName(wish.queue)
    const found = this.#permitted('read', name)
    if (!found.ok) return found
    const hosted = found.value
    const { settled, exclusive, priority } = wish
    const label = labelOf('queue', name, this.name)
    const timeout = consumerTimeout(wish.arguments, label)
    if (!timeout.ok) return timeout
    const options = { settled, exclusive, priority, timeoutMs: timeout.value }
    const member = hosted.queue.consume(consumer, options)
    if (member === null) return refuse('accessRefused', `${label} in exclusive use`)
    hosted.hadConsumer = true
    return ok({
      queue: hosted.queue,
      resume: () => member.resume(),
      cancel: () => {
        member.cancel()
        return this.#core.consumerLeft(hosted)
      },
    })
  }

  async get(asked: string, settled: boolean): Promise<Result<Got | null>> {
    const found = this.#permitted('read', cleanName(asked))
    if (!found.ok) return found
    const { queue } = found.value
    const got = await queue.get(settled)
    return ok(got === null ? null : { queue, ...got })
  }
}

const stateOf = ({ queue }: HostedQueue): QueueState => ({
  name: queue.name,
  messages: queue.ready,
  consumers: queue.consumerCount,
})
