// A small core for tests of the AMQP door: exchanges and queues in memory, enough to see what the
// door asks for. `flush` answers when the test says so, or at once.
import type {
  BindingWish,
  CancelReason,
  Consumer,
  ConsumeWish,
  ExchangeWish,
  Got,
  Messaging,
  Opening,
  Publisher,
  QueueHandle,
  QueueState,
  QueueWish,
  Session,
  Subscription,
  Vhost,
} from '../../../src/broker/messaging/api.ts'
import { Published } from '../../../src/broker/messaging/api.ts'
import { ok, type Result, refuse } from '../../../src/model/errors.ts'
import { MessageView } from '../../../src/model/message/message.ts'

interface Stored {
  readonly id: number
  readonly message: MessageView
  redelivered: boolean
}

const copy = (m: MessageView): MessageView =>
  new MessageView().set(m.exchange, m.routingKey, m.properties.slice(), m.body.slice())

class MemoryConsumer {
  readonly wish: ConsumeWish
  readonly to: Consumer
  constructor(wish: ConsumeWish, to: Consumer) {
    this.wish = wish
    this.to = to
  }
}

export class MemoryQueue implements QueueHandle {
  readonly name: string
  readonly wish: QueueWish
  readonly owner: Session | null
  ready: Stored[] = []
  readonly inFlight = new Map<number, Stored>()
  readonly failures: number[] = []
  /** Refused from so many on. */
  maxLength = Number.POSITIVE_INFINITY
  consumers: MemoryConsumer[] = []
  private ids = 0
  private next = 0

  constructor(name: string, wish: QueueWish, owner: Session | null) {
    this.name = name
    this.wish = wish
    this.owner = owner
  }

  get isDurable(): boolean {
    return this.wish.durable
  }

  get state(): QueueState {
    return { name: this.name, messages: this.ready.length, consumers: this.consumers.length }
  }

  put(message: MessageView): boolean {
    if (this.ready.length >= this.maxLength) return false
    this.ready.push({ id: ++this.ids, message: copy(message), redelivered: false })
    this.deliver()
    return true
  }

  deliver(): void {
    while (this.ready.length > 0) {
      const consumer = this.nextConsumer()
      const stored = this.ready[0]
      if (consumer === null || stored === undefined) return
      this.ready.shift()
      const { settled } = consumer.wish
      if (!settled) this.inFlight.set(stored.id, stored)
      consumer.to.deliver(settled ? 0 : stored.id, stored.message, stored.redelivered, 0, 0)
    }
  }

  take(settled: boolean): Got | null {
    const stored = this.ready.shift()
    if (stored === undefined) return null
    const { id, message, redelivered } = stored
    if (!settled) this.inFlight.set(id, stored)
    const counts = { failures: 0, deliveries: 0, remaining: this.ready.length }
    return { queue: this, id, message, redelivered, ...counts }
  }

  accept(id: number): void {
    if (!this.inFlight.delete(id)) throw new Error(`${this.name}: ${id} is not in flight`)
  }

  reject(id: number, requeue: boolean, failed: boolean): void {
    const stored = this.inFlight.get(id)
    if (stored === undefined) throw new Error(`${this.name}: ${id} is not in flight`)
    this.inFlight.delete(id)
    if (failed) this.failures.push(id)
    if (!requeue) return
    stored.redelivered = true
    this.ready.push(stored)
    this.ready.sort((a, b) => a.id - b.id)
    this.deliver()
  }

  cancelAll(reason: CancelReason): void {
    for (const { to } of this.consumers.splice(0)) to.cancelled(reason)
  }

  private nextConsumer(): MemoryConsumer | null {
    for (let i = 0; i < this.consumers.length; i++) {
      const consumer = this.consumers[this.next++ % this.consumers.length]
      if (consumer !== undefined && consumer.to.room > 0) return consumer
    }
    return null
  }
}

interface Binding {
  readonly wish: BindingWish
  readonly toQueue: boolean
}

const topicMatches = (pattern: string, key: string): boolean => {
  const expression = pattern
    .split('.')
    .map((word) => (word === '#' ? '(.*)' : word === '*' ? '[^.]+' : word))
    .join('\\.')
    .replaceAll('(.*)\\.', '(.*\\.)?')
    .replaceAll('\\.(.*)', '(\\..*)?')
  return new RegExp(`^${expression}$`).test(key)
}

export class MemoryMessaging implements Messaging {
  alarm: string | null = null
  /** What may not be taken now. */
  heldUpFrom = Number.POSITIVE_INFINITY
  /** True: `durable` waits for `makeDurable`. */
  isSlow = false
  flushes = 0
  readonly exchanges = new Map<string, ExchangeWish>()
  readonly queues = new Map<string, MemoryQueue>()
  bindings: Binding[] = []
  readonly sessions = new Set<Session>()
  /** Users who may do nothing. */
  readonly strangers = new Set<string>()
  /** Actions that wait for room. */
  private taken: (() => void)[] = []
  private waiting: (() => void)[] = []
  private listeners = new Set<(alarm: string | null) => void>()

  constructor() {
    for (const type of ['direct', 'fanout', 'topic'])
      this.exchanges.set(`amq.${type}`, exchangeOf(`amq.${type}`, type))
    this.exchanges.set('', exchangeOf('', 'direct'))
    this.exchanges.set('inner', { ...exchangeOf('inner', 'fanout'), internal: true })
  }

  open(opening: Opening): Result<Session> {
    if (opening.vhost !== '/') return refuse('vhostNotFound', `vhost ${opening.vhost} not found`)
    const session: Session = {
      user: opening.user,
      vhost: null as unknown as Vhost,
      openChannel: () => ok(null),
      closeChannel: () => undefined,
      close: async () => {
        this.sessions.delete(session)
        for (const queue of [...this.queues.values()]) if (queue.owner === session) this.drop(queue)
      },
    }
    Object.assign(session, { vhost: new MemoryVhost(this, session) })
    this.sessions.add(session)
    return ok(session)
  }

  isHeldUp(bytes: number): boolean {
    return bytes >= this.heldUpFrom
  }

  whenTaken(action: () => void): void {
    this.taken.push(action)
  }

  /** From now on everything is taken. */
  takeAll(): void {
    this.heldUpFrom = Number.POSITIVE_INFINITY
    for (const action of this.taken.splice(0)) action()
  }

  flush(durable: () => void): void {
    this.flushes++
    if (this.isSlow) this.waiting.push(durable)
    else durable()
  }

  makeDurable(): void {
    for (const durable of this.waiting.splice(0)) durable()
  }

  onAlarm(listener: (alarm: string | null) => void): { cancel(): void } {
    this.listeners.add(listener)
    return { cancel: () => this.listeners.delete(listener) }
  }

  setAlarm(alarm: string | null): void {
    this.alarm = alarm
    for (const listener of this.listeners) listener(alarm)
  }

  drop(queue: MemoryQueue): void {
    this.queues.delete(queue.name)
    this.bindings = this.bindings.filter((b) => !b.toQueue || b.wish.destination !== queue.name)
    queue.cancelAll('queueDeleted')
  }

  route(exchange: string, key: string, found = new Set<MemoryQueue>()): Set<MemoryQueue> {
    const type = this.exchanges.get(exchange)?.type
    const named = exchange === '' ? this.queues.get(key) : undefined
    if (named !== undefined) found.add(named)
    for (const { wish, toQueue } of this.bindings) {
      if (wish.source !== exchange) continue
      const isHit =
        type === 'fanout' ||
        (type === 'topic' ? topicMatches(wish.routingKey, key) : wish.routingKey === key)
      if (!isHit) continue
      const queue = this.queues.get(wish.destination)
      if (!toQueue) this.route(wish.destination, key, found)
      else if (queue !== undefined) found.add(queue)
    }
    return found
  }
}

const exchangeOf = (name: string, type: string): ExchangeWish => ({
  name,
  type,
  durable: true,
  autoDelete: false,
  internal: false,
  arguments: new Map(),
})

class MemoryVhost implements Vhost {
  readonly name = '/'
  private readonly home: MemoryMessaging
  private readonly session: Session
  private names = 0

  constructor(home: MemoryMessaging, session: Session) {
    this.home = home
    this.session = session
  }

  async declareExchange(wish: ExchangeWish): Promise<Result<null>> {
    const present = this.home.exchanges.get(wish.name)
    if (present === undefined && wish.name.startsWith('amq.'))
      return refuse(
        'accessRefused',
        `exchange name '${wish.name}' contains reserved prefix 'amq.*'`,
      )
    if (present !== undefined && present.type !== wish.type)
      return refuse(
        'preconditionFailed',
        `inequivalent arg 'type' for exchange '${wish.name}' in vhost '/': ` +
          `received '${wish.type}' but current is '${present.type}'`,
      )
    if (present === undefined) this.home.exchanges.set(wish.name, wish)
    return ok(null)
  }

  checkExchange(name: string): Result<null> {
    return this.home.exchanges.has(name) ? ok(null) : noExchange(name)
  }

  async deleteExchange(name: string): Promise<Result<null>> {
    this.home.exchanges.delete(name)
    return ok(null)
  }

  async declareQueue(wish: QueueWish): Promise<Result<QueueState>> {
    const name = wish.name === '' ? `amq.gen-${++this.names}-${this.home.queues.size}` : wish.name
    const present = this.find(name)
    if (present.ok) return ok(present.value.state)
    if (present.error !== 'queueNotFound') return present
    const queue = new MemoryQueue(name, wish, wish.exclusive ? this.session : null)
    this.home.queues.set(name, queue)
    return ok(queue.state)
  }

  checkQueue(name: string): Result<QueueState> {
    const queue = this.find(name)
    return queue.ok ? ok(queue.value.state) : queue
  }

  async deleteQueue(name: string, ifUnused: boolean, ifEmpty: boolean): Promise<Result<number>> {
    const queue = this.find(name)
    if (!queue.ok) return queue.error === 'queueNotFound' ? ok(0) : queue
    const { messages, consumers } = queue.value.state
    if (ifUnused && consumers > 0)
      return refuse('preconditionFailed', `queue '${name}' in vhost '/' in use`)
    if (ifEmpty && messages > 0)
      return refuse('preconditionFailed', `queue '${name}' in vhost '/' is not empty`)
    this.home.drop(queue.value)
    return ok(messages)
  }

  async purgeQueue(name: string): Promise<Result<number>> {
    const queue = this.find(name)
    return queue.ok ? ok(queue.value.ready.splice(0).length) : queue
  }

  bindQueue(wish: BindingWish): Promise<Result<null>> {
    return this.bind(wish, true)
  }

  unbindQueue(wish: BindingWish): Promise<Result<null>> {
    return this.unbind(wish)
  }

  bindExchange(wish: BindingWish): Promise<Result<null>> {
    return this.bind(wish, false)
  }

  unbindExchange(wish: BindingWish): Promise<Result<null>> {
    return this.unbind(wish)
  }

  publisher(exchange: string): Result<Publisher> {
    const { home } = this
    const found = home.exchanges.get(exchange)
    if (found === undefined) return noExchange(exchange)
    if (found.internal || home.strangers.has(this.session.user))
      return refuse('accessRefused', `access to exchange '${exchange}' refused`)
    return ok({
      get isGone() {
        return home.exchanges.get(exchange) !== found
      },
      refusal: null,
      publish(message) {
        let flags = 0
        for (const queue of home.route(exchange, message.routingKey)) {
          flags |= Published.routed
          if (!queue.put(message)) flags |= Published.rejected
          else if (message.isPersistent && queue.wish.durable) flags |= Published.stored
        }
        return flags
      },
      route(message) {
        const targets = home.route(exchange, message.routingKey).size
        return { targets, place: (again) => this.publish(again) }
      },
    })
  }

  async consume(wish: ConsumeWish, to: Consumer): Promise<Result<Subscription>> {
    const found = this.find(wish.queue)
    if (!found.ok) return found
    const queue = found.value
    if (queue.consumers.some((each) => each.wish.exclusive || wish.exclusive))
      return refuse('accessRefused', `queue '${wish.queue}' in vhost '/' in exclusive use`)
    const consumer = new MemoryConsumer(wish, to)
    queue.consumers.push(consumer)
    return ok({
      queue,
      isActive: true,
      wake: () => undefined,
      resume: () => queue.deliver(),
      cancel: async () => {
        queue.consumers = queue.consumers.filter((each) => each !== consumer)
        if (queue.consumers.length === 0 && queue.wish.autoDelete) this.home.drop(queue)
      },
    })
  }

  async get(name: string, settled: boolean): Promise<Result<Got | null>> {
    const queue = this.find(name)
    return queue.ok ? ok(queue.value.take(settled)) : queue
  }

  private find(name: string): Result<MemoryQueue> {
    const queue = this.home.queues.get(name)
    if (queue === undefined) return refuse('queueNotFound', `no queue '${name}' in vhost '/'`)
    if (queue.owner === null || queue.owner === this.session) return ok(queue)
    const text = `cannot obtain exclusive access to locked queue '${name}' in vhost '/'`
    return refuse('resourceLocked', text)
  }

  private async bind(wish: BindingWish, toQueue: boolean): Promise<Result<null>> {
    if (!this.home.exchanges.has(wish.source)) return noExchange(wish.source)
    const queue = toQueue ? this.find(wish.destination) : null
    if (queue !== null && !queue.ok) return queue
    this.home.bindings.push({ wish, toQueue })
    return ok(null)
  }

  private async unbind({ source, destination, routingKey }: BindingWish): Promise<Result<null>> {
    this.home.bindings = this.home.bindings.filter(
      ({ wish }) =>
        wish.source !== source ||
        wish.destination !== destination ||
        wish.routingKey !== routingKey,
    )
    return ok(null)
  }
}

const noExchange = (name: string) =>
  refuse('exchangeNotFound', `no exchange '${name}' in vhost '/'`)
