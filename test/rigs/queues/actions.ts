// What happens to a node of the simulation of queues, one drawn step at a time: clients publish,
// take, settle, give back, come and go; people declare, delete and purge; Kafka clients append; the
// log flushes. What takes time goes on while other steps happen.

import type { NodeBroker } from '../../../src/broker/broker.ts'
import { Published } from '../../../src/broker/messaging/api.ts'
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { PartitionId } from '../../../src/model/ids.ts'
import type { FieldValue } from '../../../src/model/message/field.ts'
import { textField } from '../../../src/model/message/field.ts'
import { messageTo } from '../../broker/messaging-fixture.ts'
import { batchOf } from '../../log/log-fixture.ts'
import { Client, SimConsumer } from './client.ts'
import type { Copy } from './copies.ts'
import type { QueuePlan } from './plan.ts'
import * as draw from './topology.ts'
import type { Watch } from './watch.ts'

const clientsMax = 3
const consumersMax = 3

export interface Scene {
  readonly chance: SimChance
  readonly plan: QueuePlan
  readonly watch: Watch
  readonly clock: SimClock
  readonly node: NodeBroker
  /** Unique in the seed. */
  newName(): string
}

type Action = (this: Actions) => void

export class Actions {
  readonly #scene: Scene
  readonly #clients: Client[] = []
  #busy = 0
  #isOwed = false

  constructor(scene: Scene) {
    this.#scene = scene
    this.#open()
  }

  get busy(): number {
    return this.#busy
  }

  /** As often as they stand here. */
  readonly #actions: readonly Action[] = [
    ...Array<Action>(6).fill(() => this.#publish()),
    ...Array<Action>(4).fill(() => this.#consume()),
    ...Array<Action>(6).fill(() => this.#settle()),
    ...Array<Action>(3).fill(() => this.#giveBack()),
    ...Array<Action>(3).fill(() => this.#flush()),
    () => this.#administer(),
    () => this.#get(),
    () => this.#appendForeign(),
    () => this.#connect(),
  ]

  step(): void {
    const { chance } = this.#scene
    const action = this.#actions[chance.int(this.#actions.length)] as Action
    action.call(this)
    // A door flushes at the end of its turn.
    if (this.#isOwed || chance.oneIn(3)) this.#flush()
  }

  #saw(what: string): void {
    this.#scene.watch.saw(what)
  }

  /** What nobody waits for; it may not fail. */
  #let(run: () => Promise<unknown>): void {
    this.#busy++
    run().then(
      () => this.#busy--,
      (cause: unknown) => this.#scene.watch.fail(`rejected: ${(cause as Error).stack}`),
    )
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.#scene.chance.int(values.length)]
  }

  /** Mostly one that is there. */
  #queueName(): string {
    const { chance, watch } = this.#scene
    const there = chance.oneIn(12) ? [] : [...watch.queues.keys()]
    return this.#pick(there) ?? draw.queueName(chance)
  }

  // ---- Publishing -------------------------------------------------------------------------------

  #publish(): void {
    const { chance, node, watch } = this.#scene
    const client = this.#pick(this.#clients)
    if (client === undefined) return
    const exchange = chance.oneIn(2) ? '' : draw.exchangeName(chance)
    const found = client.session.vhost.publisher(exchange)
    if (!found.ok) return
    for (let n = chance.int(8); n >= 0 && !node.messaging.isHeldUp(0); n--) {
      watch.made = { waits: false, copies: 0 }
      const message = this.#message(exchange)
      const flags = found.value.publish(message)
      if (flags < 0) watch.fail(`refused: ${JSON.stringify(found.value.refusal)}`)
      const isConfirmedAtOnce = (flags & (Published.stored | Published.rejected)) === 0
      if (watch.made.waits && isConfirmedAtOnce)
        watch.fail(`a message is confirmed at once, and is not durable`)
      if ((flags & Published.stored) !== 0) this.#isOwed = true
      this.#saw(message.isPersistent ? 'published persistent' : 'published transient')
      if (watch.made.copies > 1) this.#saw('published to several queues')
      if (flags === 0) this.#saw('unroutable')
      if (flags === 0 && exchange === '' && watch.isThere(message.routingKey))
        watch.fail(`what is for ${message.routingKey} does not get there`)
    }
  }

  #message(exchange: string) {
    const { chance, plan, newName } = this.#scene
    const size = chance.oneIn(plan.largeOneIn) ? chance.int(5000) : chance.int(200)
    const headers = new Map<string, FieldValue>()
    if (chance.oneIn(3)) headers.set('h', { type: 'I', value: chance.int(2) })
    for (const name of ['CC', 'BCC'] as const)
      if (chance.oneIn(15)) {
        headers.set(name, { type: 'A', value: [textField(this.#queueName())] })
        this.#saw(name)
      }
    const toQueue = exchange === '' || chance.oneIn(8)
    const key = toQueue ? this.#queueName() : (this.#pick(draw.keys) as string)
    const hasPriority = chance.oneIn(3)
    const hasTtl = chance.oneIn(12)
    if (hasTtl) this.#saw('published with a time to live')
    return messageTo(exchange, key, `${newName()} ${'x'.repeat(size)}`, {
      ...(headers.size > 0 ? { headers } : {}),
      ...(hasPriority ? { priority: chance.int(5) } : {}),
      ...(hasTtl ? { expiration: String(this.#pick([0, 1, 30, 500])) } : {}),
      transient: chance.oneIn(4),
    })
  }

  #flush(): void {
    const { node, watch, chance } = this.#scene
    const isOwed = this.#isOwed || chance.oneIn(2)
    this.#isOwed = false
    if (!isOwed) {
      node.messaging.flush(null)
      return
    }
    let at = -1
    node.messaging.flush(() => {
      watch.saw('confirms')
      watch.confirm(at < 0 ? watch.event : at)
    })
    at = watch.event
  }

  /** A Kafka client writes to a queue that it sees as a topic. */
  #appendForeign(): void {
    const { chance, node, watch, newName } = this.#scene
    const name = this.#queueName()
    const topic = node.image.topic(name)
    const model = watch.queues.get(name)
    if (topic === null || topic.kind !== 'queue' || model?.isThere !== true) return
    const names = Array.from({ length: 1 + chance.int(4) }, () => newName())
    const batch = batchOf(
      names.map((each) => `${each} kafka`),
      null,
      this.#scene.clock.now(),
    )
    const pending = { names, copies: [] as Copy[] }
    const waiting = watch.foreign.get(name) ?? []
    watch.foreign.set(name, [...waiting, pending])
    node.logs.append([{ topic, partition: 0 as PartitionId, batch }], 'all', ([outcome]) => {
      if (outcome?.error === null) {
        this.#saw('Kafka batches')
        for (const copy of pending.copies) copy.isCertain = true
      } else {
        this.#saw(`Kafka batches refused: ${outcome?.error}`)
        const left = watch.foreign.get(name)?.filter((each) => each !== pending) ?? []
        watch.foreign.set(name, left)
      }
    })
  }

  // ---- Taking -----------------------------------------------------------------------------------

  #consume(): void {
    const { chance, watch } = this.#scene
    const client = this.#pick(this.#clients)
    if (client === undefined) return
    const consumer = this.#pick(client.consumers)
    if (consumer !== undefined && !consumer.isCancelled && chance.int(4) > 0) {
      consumer.room = chance.int(10)
      consumer.subscription?.resume()
      return
    }
    if (client.consumers.length >= consumersMax) {
      if (consumer !== undefined) this.#let(() => client.cancel(consumer))
      if (consumer !== undefined) consumer.giveBack(chance.oneIn(2))
      return
    }
    const model = watch.queues.get(this.#queueName())
    if (model?.isThere !== true) return
    this.#let(() => this.#subscribe(client, new SimConsumer(watch, model)))
  }

  async #subscribe(client: Client, consumer: SimConsumer): Promise<void> {
    const { chance } = this.#scene
    const settled = chance.oneIn(5)
    const got = await client.session.vhost.consume(
      {
        queue: consumer.model.name,
        tag: 'tag',
        settled,
        exclusive: chance.oneIn(12),
        priority: chance.int(3),
        arguments: new Map(),
      },
      consumer,
    )
    if (!got.ok) return
    this.#saw(settled ? 'consumers that settle at once' : 'consumers')
    consumer.subscription = got.value
    if (!this.#clients.includes(client)) {
      await got.value.cancel()
      return
    }
    client.consumers.push(consumer)
    consumer.room = chance.int(10)
    got.value.resume()
  }

  #flying(): SimConsumer | undefined {
    return this.#pick(this.#clients.flatMap((c) => c.consumers).filter((c) => c.flights.length > 0))
  }

  #settle(): void {
    const { chance } = this.#scene
    const consumer = this.#flying()
    for (let n = chance.int(6); n >= 0 && consumer !== undefined; n--) {
      const { length } = consumer.flights
      if (length === 0) return
      consumer.accept(chance.oneIn(2) ? 0 : chance.int(length))
      this.#saw('settled')
    }
  }

  #giveBack(): void {
    const { chance } = this.#scene
    const consumer = this.#flying()
    for (let n = chance.int(3); n >= 0 && consumer !== undefined; n--) {
      const { length } = consumer.flights
      if (length === 0) return
      const requeue = chance.int(3) > 0
      consumer.reject(chance.oneIn(2) ? 0 : chance.int(length), requeue, chance.oneIn(2))
      this.#saw(requeue ? 'requeued' : 'rejected')
    }
  }

  #get(): void {
    const { chance, watch } = this.#scene
    const client = this.#pick(this.#clients)
    const model = watch.queues.get(this.#queueName())
    if (client === undefined || model?.isThere !== true) return
    const settled = chance.oneIn(2)
    this.#let(async () => {
      const got = await client.session.vhost.get(model.name, settled)
      if (!got.ok || got.value === null) return
      this.#saw('got one')
      const { id, message, redelivered, failures, queue } = got.value
      const copy = watch.delivered(model, message, { id, redelivered, failures })
      if (copy === null || id === 0) return
      watch.settled(copy)
      queue.accept(id)
    })
  }

  // ---- Clients ----------------------------------------------------------------------------------

  #open(): void {
    const opened = this.#scene.node.messaging.open({ vhost: '/', user: 'sim', name: 'sim' })
    if (opened.ok) this.#clients.push(new Client(opened.value))
    else this.#scene.watch.fail(`no session: ${opened.error}`)
  }

  #connect(): void {
    const { chance } = this.#scene
    if (this.#clients.length < clientsMax && chance.oneIn(2)) this.#open()
    else if (this.#clients.length > 1) {
      const [client] = this.#clients.splice(chance.int(this.#clients.length), 1)
      this.#saw('sessions closed')
      if (client !== undefined) this.#let(() => client.close(chance.oneIn(2)))
    }
  }

  // ---- Declaring --------------------------------------------------------------------------------

  #administer(): void {
    const { chance, node, clock, plan } = this.#scene
    if (chance.oneIn(plan.jumpOneIn)) {
      this.#saw('clock jumps')
      clock.jump(chance.int(2000) - 1000)
    }
    const what = chance.int(10)
    if (what < 2) this.declareQueue()
    else if (what === 2) this.declareExchange()
    else if (what < 5) this.bind()
    else if (what === 5) this.#let(() => this.#deleteQueue())
    else if (what === 6) this.#let(() => this.#purge())
    else if (what === 7 && chance.oneIn(3)) this.#let(() => this.#deleteExchange())
    else {
      this.#saw('log flushes')
      this.#let(() => node.store.flush())
    }
  }

  declareQueue(): void {
    const { chance, watch } = this.#scene
    const name = draw.queueName(chance)
    const client = this.#pick(this.#clients)
    // A name is free again when its deletion was answered.
    if (client === undefined || watch.queues.has(name)) return
    const { wish, model } = draw.drawQueue(chance, name)
    watch.queues.set(name, model)
    this.#let(async () => {
      const declared = await client.session.vhost.declareQueue(wish)
      if (!declared.ok) {
        watch.queues.delete(name)
        watch.fail(`queue ${name}: ${declared.error} ${declared.message}`)
        return
      }
      model.isDeclared = true
      this.#saw(`queues ${model.type}`)
      for (const argument of wish.arguments.keys()) this.#saw(argument)
    })
  }

  declareExchange(): void {
    const { chance } = this.#scene
    const wish = draw.drawExchange(chance, draw.exchangeName(chance))
    this.#let(async () => {
      const declared = await this.#pick(this.#clients)?.session.vhost.declareExchange(wish)
      if (declared?.ok) this.#saw(`exchanges ${wish.type}`)
    })
  }

  bind(): void {
    const { chance, node } = this.#scene
    const vhost = this.#pick(this.#clients)?.session.vhost
    const core = node.messaging.vhosts.get('/')
    const from = core?.exchanges.get(draw.exchangeName(chance))
    if (vhost === undefined || from === undefined) return
    const toExchange = chance.oneIn(5)
    const to = toExchange ? draw.exchangeName(chance) : this.#queueName()
    const wish = draw.drawBinding(chance, from.name, to, from.type)
    this.#let(async () => {
      const isUnbind = chance.oneIn(8)
      if (isUnbind) await vhost.unbindQueue(wish)
      else if (toExchange) {
        if ((await vhost.bindExchange(wish)).ok) this.#saw('bindings of exchanges')
      } else if ((await vhost.bindQueue(wish)).ok) this.#saw('bindings')
    })
  }

  async #deleteQueue(): Promise<void> {
    const { chance, watch } = this.#scene
    const vhost = this.#pick(this.#clients)?.session.vhost
    const name = draw.queueName(chance)
    const model = watch.queues.get(name)
    if (vhost === undefined || model?.isThere !== true || !chance.oneIn(3)) return
    const gone = await vhost.deleteQueue(name, false, false)
    if (!gone.ok) return
    this.#saw('queues deleted')
    if (watch.queues.get(name) === model) watch.queues.delete(name)
  }

  async #deleteExchange(): Promise<void> {
    const vhost = this.#pick(this.#clients)?.session.vhost
    await vhost?.deleteExchange(draw.exchangeName(this.#scene.chance), false)
    this.#saw('exchanges deleted')
  }

  async #purge(): Promise<void> {
    const { chance, watch } = this.#scene
    const vhost = this.#pick(this.#clients)?.session.vhost
    const model = watch.queues.get(this.#queueName())
    if (vhost === undefined || model?.isThere !== true || !chance.oneIn(3)) return
    const queue = watch.hosted.get(model.name)?.queue
    const ready = queue?.ready ?? 0
    const purging = vhost.purgeQueue(model.name)
    const isPurged = ready > 0 && queue?.ready === 0
    if (isPurged) watch.purged(model, ready)
    const purged = await purging
    if (!purged.ok) return
    this.#saw('purged')
    if (purged.value !== ready) watch.fail(`${purged.value} purged, and there were ${ready}`)
  }
}
