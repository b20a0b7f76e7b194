// What happens to a node of the simulation of queues, one drawn step at a time: clients publish,
// take, settle, give back, come and go; people declare, delete and purge; Kafka clients append; the
// log flushes. What takes time goes on while other steps happen.

import { Published } from '../../../src/broker/messaging/api.ts'
import type { PartitionId } from '../../../src/model/ids.ts'
import type { FieldValue } from '../../../src/model/message/field.ts'
import { textField } from '../../../src/model/message/field.ts'
import { messageTo } from '../../broker/messaging-fixture.ts'
import { batchOf } from '../../log/log-fixture.ts'
import { Cleaning, messageKey } from './cleaning.ts'
import { Client, SimConsumer } from './client.ts'
import type { Copy, QueueModel } from './copies.ts'
import { Declaring } from './declaring.ts'
import { Ruling } from './ruling.ts'
import { type Scene, Stage } from './stage.ts'
import { Streaming } from './streaming.ts'
import * as draw from './topology.ts'

const clientsMax = 3
const consumersMax = 3

type Action = () => void

export class Actions {
  readonly stage: Stage
  readonly declaring: Declaring
  readonly streaming: Streaming
  readonly #ruling: Ruling
  readonly cleaning: Cleaning
  readonly #scene: Scene
  readonly #clients: Client[]
  readonly #actions: readonly Action[]
  #isOwed = false

  constructor(scene: Scene) {
    this.#scene = scene
    this.stage = new Stage(scene)
    this.#clients = this.stage.clients
    this.declaring = new Declaring(this.stage)
    this.streaming = new Streaming(this.stage)
    this.#ruling = new Ruling(this.stage)
    this.cleaning = new Cleaning(this.stage)
    const { streams, hasPolicies, compactedBytes, reclaimedBytes } = scene.plan
    // As often as they stand here.
    this.#actions = [
      ...Array<Action>(6).fill(() => this.#publish()),
      ...Array<Action>(4).fill(() => this.#consume()),
      ...Array<Action>(6).fill(() => this.#settle()),
      ...Array<Action>(3).fill(() => this.#giveBack()),
      ...Array<Action>(3).fill(() => this.#flush()),
      () => this.declaring.administer(),
      () => this.#get(),
      () => this.#appendForeign(),
      () => this.#connect(),
      ...(streams > 0 ? this.streaming.actions : []),
      ...(compactedBytes > 0 ? [() => this.cleaning.clean()] : []),
      ...(reclaimedBytes > 0 ? [() => this.cleaning.reclaim()] : []),
      ...(hasPolicies ? [() => this.#ruling.change()] : []),
    ]
    for (const vhost of scene.plan.vhosts) this.#open(vhost)
  }

  step(): void {
    const { chance } = this.#scene
    const action = this.#actions[chance.int(this.#actions.length)] as Action
    action()
    // A door flushes at the end of its turn.
    if (this.#isOwed || chance.oneIn(3)) this.#flush()
  }

  /** Settles and publishes something. */
  goOn(): void {
    this.#settle()
    this.#publish()
  }

  /** A queue that is there. */
  #queue(): QueueModel | undefined {
    const there = [...this.#scene.watch.queues.values()].filter(({ isThere }) => isThere)
    return this.stage.pick(there)
  }

  #clientOf(vhost: string): Client | undefined {
    return this.stage.pick(this.#clients.filter((client) => client.vhost === vhost))
  }

  /** Mostly the name of something that is there. */
  #targetName(vhost: string): string {
    const { chance, watch } = this.#scene
    const all = [...watch.queues.values(), ...watch.streams.values()]
    const there = chance.oneIn(12) ? [] : all.filter((each) => each.vhost === vhost)
    return this.stage.pick(there)?.plainName ?? draw.queueName(chance)
  }

  // ---- Publishing -------------------------------------------------------------------------------

  #publish(): void {
    const { chance, node, watch } = this.#scene
    const client = this.stage.pick(this.#clients)
    if (client === undefined) return
    const exchange = chance.oneIn(2) ? '' : draw.exchangeName(chance)
    const found = client.session.vhost.publisher(exchange)
    if (!found.ok) return
    for (let n = chance.int(8); n >= 0 && !node.messaging.isHeldUp(0); n--) {
      watch.made = { waits: false, copies: 0 }
      const message = this.#message(exchange, client.vhost)
      const flags = found.value.publish(message)
      if (flags < 0) watch.fail(`refused: ${JSON.stringify(found.value.refusal)}`)
      const isConfirmedAtOnce = (flags & (Published.stored | Published.rejected)) === 0
      if (watch.made.waits && isConfirmedAtOnce)
        watch.fail(`a message is confirmed at once, and is not durable`)
      if ((flags & Published.stored) !== 0) this.#isOwed = true
      this.stage.saw(message.isPersistent ? 'published persistent' : 'published transient')
      if (watch.made.copies > 1) this.stage.saw('published to several queues')
      if (flags === 0) this.stage.saw('unroutable')
      if (
        flags === 0 &&
        exchange === '' &&
        watch.isThere(draw.labelOf(client.vhost, message.routingKey))
      )
        watch.fail(`what is for ${message.routingKey} does not get there`)
    }
  }

  #message(exchange: string, vhost: string) {
    const { chance, plan, newName } = this.#scene
    const size = chance.oneIn(plan.largeOneIn) ? chance.int(5000) : chance.int(200)
    const headers = new Map<string, FieldValue>()
    if (chance.oneIn(3)) headers.set('h', { type: 'I', value: chance.int(2) })
    for (const name of ['CC', 'BCC'] as const)
      if (chance.oneIn(15)) {
        headers.set(name, { type: 'A', value: [textField(this.#targetName(vhost))] })
        this.stage.saw(name)
      }
    // Without one a compacted topic refuses it.
    if (plan.compactedBytes > 0 && chance.int(10) > 0)
      headers.set('x-kafka-key', textField(messageKey(chance)))
    const toQueue = exchange === '' || chance.oneIn(8)
    const key = toQueue ? this.#targetName(vhost) : (this.stage.pick(draw.keys) as string)
    const hasPriority = chance.oneIn(3)
    const hasTtl = chance.oneIn(12)
    if (hasTtl) this.stage.saw('published with a time to live')
    return messageTo(exchange, key, `${newName(vhost)}-${size} ${'x'.repeat(size)}`, {
      ...(headers.size > 0 ? { headers } : {}),
      ...(hasPriority ? { priority: chance.int(5) } : {}),
      ...(hasTtl ? { expiration: String(this.stage.pick([0, 1, 30, 500])) } : {}),
      transient: chance.oneIn(4),
    })
  }

  #flush(): void {
    const { node, chance } = this.#scene
    const isOwed = this.#isOwed || chance.oneIn(2)
    this.#isOwed = false
    if (isOwed) void this.stage.flush()
    else node.messaging.flush(null)
  }

  /** A Kafka client writes to a queue that it sees as a topic. */
  #appendForeign(): void {
    const { chance, node, watch, newName } = this.#scene
    const model = this.#queue()
    if (model === undefined || model.vhost !== draw.mainVhost || model.source !== null) return
    // One that is being deleted takes records too, and nobody is told of them.
    if (model.isLeaving) return
    const { name } = model
    const topic = node.image.topic(name)
    if (topic?.kind !== 'queue') return
    // One that waits may be passed by another.
    if ((watch.foreign.get(name) ?? []).length > 0) return
    const names = Array.from({ length: 1 + chance.int(4) }, () => `${newName(draw.mainVhost)}-5`)
    const batch = batchOf(
      names.map((each) => `${each} kafka`),
      null,
      this.#scene.clock.now(),
    )
    const pending = { names, copies: [] as Copy[] }
    watch.foreign.set(name, [pending])
    node.logs.append([{ topic, partition: 0 as PartitionId, batch }], 'all', ([outcome]) => {
      if (outcome?.error === null) {
        this.stage.saw('Kafka batches')
        for (const copy of pending.copies) copy.isCertain = true
      } else {
        this.stage.saw(`Kafka batches refused: ${outcome?.error}`)
        watch.foreign.delete(name)
      }
    })
  }

  // ---- Taking -----------------------------------------------------------------------------------

  #consume(): void {
    const { chance, watch } = this.#scene
    const client = this.stage.pick(this.#clients)
    if (client === undefined) return
    const consumer = this.stage.pick(client.consumers)
    if (consumer !== undefined && !consumer.isCancelled && chance.int(4) > 0) {
      consumer.room = chance.int(10)
      consumer.subscription?.resume()
      return
    }
    if (client.consumers.length >= consumersMax) {
      if (consumer !== undefined) this.stage.let(() => client.cancel(consumer))
      if (consumer !== undefined) consumer.giveBack(chance.oneIn(2))
      return
    }
    const model = this.#queue()
    if (model === undefined || model.vhost !== client.vhost) return
    this.stage.let(() => this.#subscribe(client, new SimConsumer(watch, model)))
  }

  async #subscribe(client: Client, consumer: SimConsumer): Promise<void> {
    const { chance } = this.#scene
    const settled = chance.oneIn(5)
    const got = await client.session.vhost.consume(
      {
        queue: consumer.model.plainName,
        tag: 'tag',
        settled,
        exclusive: chance.oneIn(12),
        priority: chance.int(3),
        arguments: new Map(),
      },
      consumer,
    )
    if (!got.ok) return
    this.stage.saw(settled ? 'consumers that settle at once' : 'consumers')
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
    return this.stage.pick(
      this.#clients.flatMap((c) => c.consumers).filter((c) => c.flights.length > 0),
    )
  }

  #settle(): void {
    const { chance } = this.#scene
    const consumer = this.#flying()
    for (let n = chance.int(6); n >= 0 && consumer !== undefined; n--) {
      const { length } = consumer.flights
      if (length === 0) return
      consumer.accept(chance.oneIn(2) ? 0 : chance.int(length))
      this.stage.saw('settled')
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
      this.stage.saw(requeue ? 'requeued' : 'rejected')
    }
  }

  #get(): void {
    const { chance, watch } = this.#scene
    const model = this.#queue()
    const client = model && this.#clientOf(model.vhost)
    if (client === undefined || model?.isThere !== true) return
    const settled = chance.oneIn(2)
    this.stage.let(async () => {
      const got = await client.session.vhost.get(model.plainName, settled)
      if (!got.ok || got.value === null) return
      this.stage.saw('got one')
      const { id, message, redelivered, failures, queue } = got.value
      const copy = watch.delivered(model, message, { id, redelivered, failures })
      if (copy === null || id === 0) return
      watch.settled(copy)
      queue.accept(id)
    })
  }

  // ---- Clients ----------------------------------------------------------------------------------

  #open(vhost: string): void {
    const opened = this.#scene.node.messaging.open({ vhost, user: 'sim', name: 'sim' })
    if (opened.ok) this.#clients.push(new Client(opened.value, vhost))
    else this.#scene.watch.fail(`no session: ${opened.error}`)
  }

  #connect(): void {
    const { chance } = this.#scene
    const vhost = this.stage.pick(this.#scene.plan.vhosts)
    if (this.#clients.length < clientsMax && chance.oneIn(2)) this.#open(vhost as string)
    else if (this.#clients.length > 1) {
      const [client] = this.#clients.splice(chance.int(this.#clients.length), 1)
      this.stage.saw('sessions closed')
      if (client !== undefined)
        this.stage.let(() => client.close(chance.oneIn(2), this.streaming.isCertain))
    }
  }
}
