// A vhost as one session sees it: permissions first, then names and exclusiveness, then the change.
// All refusals of a door's requests come from here or from what it calls.
import { ok, type Refusal, type Result, refuse } from '../../model/errors.ts'
import { textOf } from '../../model/message/field.ts'
import type { Binding, TargetKind } from '../../routing/binding.ts'
import { type Right, rights } from '../../security/access/access-values.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { checkConsumerArguments } from '../declarations/consumer-arguments.ts'
import { cleanName, routesByTopic } from '../declarations/definitions.ts'
import { checkArgumentSize, checkConsumerRoom } from '../declarations/limits.ts'
import {
  queueType,
  timeoutOf,
  topicOfQueue,
  withDefaultType,
} from '../declarations/queue-arguments.ts'
import {
  defaultExchange,
  labelOf,
  locked,
  noAccess,
  noTopicAccess,
  notFound,
} from '../declarations/refusals.ts'
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
import { CountingConsumer, counted } from './counting-consumer.ts'
import { ExchangeChanges } from './exchange-changes.ts'
import type { HostedQueue } from './hosted-queue.ts'
import { HostedStream } from './hosted-stream.ts'
import { QueueChanges, touch } from './queue-changes.ts'
import { StreamChanges } from './stream-changes.ts'
import {
  consumeStreams,
  notOfStreams,
  type Readable,
  replayOf,
  streamsNamed,
} from './stream-use.ts'
import type { VhostCore } from './vhost-core.ts'
import { VhostPublisher } from './vhost-publisher.ts'

type Refused = { readonly ok: false } & Refusal

export class SessionVhost implements Vhost {
  readonly #core: VhostCore
  readonly #session: object
  readonly #user: string
  readonly #authorizer: Authorizer
  readonly #queues: QueueChanges
  readonly #streams: StreamChanges
  readonly #exchanges: ExchangeChanges
  readonly #bindings: BindingChanges

  constructor(core: VhostCore, session: object, user: string, authorizer: Authorizer) {
    this.#core = core
    this.#session = session
    this.#user = user
    this.#authorizer = authorizer
    this.#queues = new QueueChanges(core)
    this.#streams = new StreamChanges(core)
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
    const refused = this.#lacksAll('exchange', name)
    if (refused !== null) return refused
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
    const wish = withDefaultType({ ...asked, name }, this.#core.about.defaultQueueType)
    const deadLetters = textOf(wish.arguments.get('x-dead-letter-exchange'))
    const topic = topicOfQueue(wish.arguments)
    const refused =
      this.#lacks('configure', 'queue', name) ??
      (deadLetters === null
        ? null
        : (this.#lacks('read', 'queue', name) ?? this.#lacks('write', 'exchange', deadLetters))) ??
      (topic === null ? null : this.#lacks('read', 'queue', topic))
    if (refused !== null) return refused
    const declared = await this.#queues.declare(
      wish,
      this.#session,
      isNamedHere ? 'node' : 'client',
    )
    return declared.ok ? ok(stateOf(declared.value)) : declared
  }

  checkQueue(asked: string): Result<QueueState> {
    const name = cleanName(asked)
    const refused = this.#lacksAll('queue', name)
    if (refused !== null) return refused
    const stream = this.#core.streams.get(name)
    if (stream !== undefined) return ok(stateOf(stream))
    const found = this.#find(name)
    if (!found.ok) return found
    touch(found.value)
    return ok(stateOf(found.value))
  }

  async deleteQueue(asked: string, ifUnused: boolean, ifEmpty: boolean): Promise<Result<number>> {
    const name = cleanName(asked)
    const refused = this.#lacks('configure', 'queue', name)
    if (refused !== null) return refused
    const stream = this.#core.streams.get(name)
    if (stream !== undefined) return this.#streams.delete(stream, ifUnused, ifEmpty)
    const found = this.#find(name)
    if (found.ok) return this.#queues.delete(found.value, ifUnused, ifEmpty)
    if (found.error !== 'queueNotFound') return found
    // Another may have deleted it, and the disk does not know yet.
    await this.#core.lane.idle()
    return ok(0)
  }

  async purgeQueue(asked: string): Promise<Result<number>> {
    const found = this.#readable('queue.purge', cleanName(asked))
    return found.ok ? ok(found.value.used?.purge() ?? 0) : found
  }

  #find(name: string): Result<HostedQueue> {
    const hosted = this.#core.queues.get(name)
    if (hosted === undefined) return notFound('queue', name, this.name)
    if (hosted.owner !== null && hosted.owner !== this.#session) return locked(name, this.name)
    return ok(hosted)
  }

  /** `method`: what streams do not do. */
  #readable(method: string, name: string): Result<HostedQueue> {
    const refused = this.#lacks('read', 'queue', name)
    if (refused !== null) return refused
    return this.#core.streams.has(name) ? notOfStreams(method, name, this.name) : this.#find(name)
  }

  #lacks(permission: Right, kind: TargetKind, name: string): Refused | null {
    if (this.#authorizer.may(this.#user, this.name, permission, name)) return null
    return noAccess(kind, name, this.name, this.#user)
  }

  /** Who may do nothing with it is not told whether it is there. */
  #lacksAll(kind: TargetKind, name: string): Refused | null {
    const may = rights.some((right) => this.#authorizer.may(this.#user, this.name, right, name))
    return may ? null : noAccess(kind, name, this.name, this.#user)
  }

  // ---- Bindings ---------------------------------------------------------------------------------

  bindQueue(wish: BindingWish): Promise<Result<null>> {
    return this.#change('queue', wish, (binding) => this.#bindings.bind(binding))
  }

  /** Of another's exclusive queue only what is not bound. */
  unbindQueue(wish: BindingWish): Promise<Result<null>> {
    return this.#change('queue', wish, (binding) => this.#bindings.unbind(binding), true)
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
    ofNoneToo = false,
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
    const binding = { source, kind, target, routingKey, arguments: table }
    const mayBeOthers = ofNoneToo && !this.#core.routing.has(binding)
    const found = kind === 'queue' && !mayBeOthers ? this.#find(target) : null
    if (found !== null && !found.ok && found.error === 'resourceLocked') return found
    return make(binding)
  }

  #lacksTopic(exchange: string, key: string): Refused | null {
    const source = this.#core.exchanges.get(exchange)
    if (source === undefined || !routesByTopic(source)) return null
    if (this.#authorizer.mayTopic(this.#user, this.name, 'read', exchange, key)) return null
    return noTopicAccess(key, exchange, this.name, this.#user)
  }

  // ---- Messages ---------------------------------------------------------------------------------

  publisher(name: string): Result<Publisher> {
    const refused = this.#lacks('write', 'exchange', name)
    if (refused !== null) return refused
    const exchange = this.#core.exchanges.get(name)
    if (exchange === undefined) return notFound('exchange', name, this.name)
    if (exchange.internal)
      return refuse(
        'accessRefused',
        `cannot publish to internal ${labelOf('exchange', name, this.name)}`,
      )
    return ok(new VhostPublisher(this.#core, exchange, this.#user, this.#authorizer))
  }

  async consume(wish: ConsumeWish, consumer: Consumer): Promise<Result<Subscription>> {
    const name = cleanName(wish.queue)
    const refused = this.#lacks('read', 'queue', name)
    if (refused !== null) return refused
    const { settings } = this.#core.parts.image
    const asks = `consume from ${labelOf('queue', name, this.name)}`
    const sized = checkArgumentSize(wish.arguments, asks)
    if (!sized.ok) return sized
    const room = checkConsumerRoom(settings, this.#core.parts.queues.consumers.count, asks)
    if (!room.ok) return room
    const streams = streamsNamed(this.#core, name, wish)
    if (streams !== null) {
      const read = [...new Set([name, ...streams.map((each) => each.name)])]
      return this.#consumeStreams(streams, read, { ...wish, queue: name }, consumer)
    }
    const found = this.#find(name)
    if (!found.ok) return found
    const hosted = found.value
    const read = namesRead(hosted)
    const lacking = this.#lacksAny(read.slice(1))
    if (lacking !== null) return lacking
    const replay = wish.arguments.has('x-stream-offset') ? replayOf(this.#core, hosted) : null
    if (replay !== null) return this.#consumeStreams([replay], read, wish, consumer)
    const label = labelOf('queue', name, this.name)
    const checked = checkConsumerArguments(wish, hosted.definition.arguments, label)
    if (!checked.ok) return checked
    const { settled, exclusive, priority } = wish
    const isCounting = queueType(hosted.definition.arguments) === 'quorum'
    const to = isCounting ? new CountingConsumer(consumer) : consumer
    const timeoutMs = timeoutOf(wish.arguments)
    let letGo = (): void => undefined
    const left = (): void => letGo()
    const member = hosted.queue.consume(to, { settled, exclusive, priority, timeoutMs, left })
    if (member === null) return refuse('accessRefused', `${label} in exclusive use`)
    hosted.hadConsumer = true
    const subscription = {
      queue: hosted.handle,
      get isActive() {
        return member.isActive
      },
      wake: () => member.wake(),
      resume: () => member.resume(),
      cancel: () => {
        member.cancel()
        return this.#core.consumerLeft(hosted)
      },
    }
    letGo = this.#hold(read, subscription, consumer)
    return ok(subscription)
  }

  /** `read`: the names that it takes the right to read, of which the first was asked for. */
  async #consumeStreams(
    streams: readonly Readable[],
    read: readonly string[],
    wish: ConsumeWish,
    consumer: Consumer,
  ): Promise<Result<Subscription>> {
    const { version } = this.#authorizer
    const refused = this.#lacksAny(read.slice(1))
    if (refused !== null) return refused
    const started = await consumeStreams(this.#core, streams, wish, consumer, (subscription) =>
      this.#hold(read, subscription, consumer),
    )
    // What was permitted may not be any more by now.
    const lost = this.#authorizer.version === version ? null : this.#lacksAny(read)
    if (!started.ok || lost === null) return started
    await started.value.cancel()
    return lost
  }

  /** Ends the consumer when its user may no longer read all of `read`. */
  #hold(read: readonly string[], subscription: Subscription, consumer: Consumer): () => void {
    const { parts } = this.#core
    return parts.standing.hold(this.#user, this.name, {
      mayGoOn: () => this.#lacksAny(read) === null,
      end: () => {
        subscription.cancel().catch((cause: unknown) => parts.failed(cause))
        consumer.cancelled('accessLost')
      },
    })
  }

  #lacksAny(read: readonly string[]): Refused | null {
    for (const name of read) {
      const refused = this.#lacks('read', 'queue', name)
      if (refused !== null) return refused
    }
    return null
  }

  async get(asked: string, settled: boolean): Promise<Result<Got | null>> {
    const found = this.#readable('basic.get', cleanName(asked))
    if (!found.ok) return found
    const lacking = this.#lacksAny(namesRead(found.value).slice(1))
    if (lacking !== null) return lacking
    const { handle: queue, definition } = found.value
    const got = await found.value.queue.get(settled)
    if (got === null) return ok(null)
    if (!got.redelivered || queueType(definition.arguments) !== 'quorum')
      return ok({ queue, ...got })
    return ok({ queue, ...got, message: counted(got.message, got.failures, got.deliveries) })
  }
}

/**
 * What a user must be allowed to read to be given its messages: its own name first, and the topic's
 * whose they are.
 */
function namesRead({ name, definition }: HostedQueue): readonly string[] {
  const topic = topicOfQueue(definition.arguments)
  return topic === null ? [name] : [name, topic]
}

function stateOf(found: HostedQueue | HostedStream): QueueState {
  const { name } = found
  if (found instanceof HostedStream)
    return { name, messages: found.messages, consumers: found.readers.size }
  const { ready, consumerCount } = found.figures
  return { name, messages: ready, consumers: consumerCount }
}
