// What is declared, bound, purged and deleted while the queues of the simulation are in use, and
// what else their administrators do.
import type { Client } from './client.ts'
import type { QueueModel } from './copies.ts'
import type { Stage } from './stage.ts'
import { StreamModel } from './stream-model.ts'
import * as draw from './topology.ts'

/** All but the last segment can be cleaned as soon as there is a later one. */
const compactedConfigs = [
  ['cleanup.policy', 'compact'],
  ['min.cleanable.dirty.ratio', '0'],
  ['segment.ms', '1'],
] as const

export class Declaring {
  readonly #stage: Stage

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get #scene() {
    return this.#stage.scene
  }

  #client(): Client | undefined {
    return this.#stage.pick(this.#stage.clients)
  }

  administer(): void {
    const { chance, node, clock, plan } = this.#scene
    if (chance.oneIn(plan.jumpOneIn)) {
      this.#stage.saw('clock jumps')
      clock.jump(chance.int(2000) - 1000)
    }
    const what = chance.int(10)
    if (what < 2) this.declareQueue()
    else if (what === 2) this.declareExchange()
    else if (what < 5) this.bind()
    else if (what === 5) this.#stage.let(() => this.#deleteQueue())
    else if (what === 6) this.#stage.let(() => this.#purge())
    else if (what === 7 && chance.oneIn(3)) this.#stage.let(() => this.#deleteExchange())
    else {
      this.#stage.saw('log flushes')
      this.#stage.let(() => node.store.flush())
    }
  }

  declareQueue(): void {
    const { chance, watch, plan } = this.#scene
    const client = this.#client()
    if (client === undefined) return
    const { vhost } = client
    const source = watch.streams.get(draw.labelOf(vhost, draw.topicName))
    const isOver = source?.isDeclared === true && chance.int(plan.queueCount + 2) < 2
    const plainName = isOver ? draw.topicQueueName(chance) : draw.queueName(chance)
    // A name is free again when its deletion was answered.
    if (watch.queues.has(draw.labelOf(vhost, plainName))) return
    if (isOver) this.#declareOver(client, source, plainName)
    else this.#declare(client, draw.drawQueue(chance, vhost, plainName))
  }

  #declareOver(client: Client, source: StreamModel, plainName: string): void {
    const { chance } = this.#scene
    const starts = ['first', 'next', chance.int(source.seen(0) + 1)] as const
    const start = this.#stage.pick(starts) ?? 'first'
    const drawn = draw.drawTopicQueue(chance, source, plainName, start)
    for (const record of source.all) {
      const { offset } = record
      const isKnown = offset >= 0 || start === 'first'
      const from = start === 'first' ? -1 : start === 'next' ? Number.POSITIVE_INFINITY : start
      if (!isKnown || offset >= from) drawn.model.addRecord(record, !isKnown)
    }
    this.#declare(client, drawn)
  }

  #declare(client: Client, { wish, model }: ReturnType<typeof draw.drawQueue>): void {
    const { watch } = this.#scene
    const { name } = model
    watch.queues.set(name, model)
    this.#stage.let(async () => {
      const declared = await client.session.vhost.declareQueue(wish)
      if (!declared.ok) {
        watch.queues.delete(name)
        watch.fail(`queue ${name}: ${declared.error} ${declared.message}`)
        return
      }
      model.isDeclared = true
      this.#stage.saw(`queues ${model.type}`)
      for (const argument of wish.arguments.keys()) this.#stage.saw(argument)
    })
  }

  /** The streams of the plan, in one vhost. */
  async declareStreams(client: Client): Promise<void> {
    const { chance, watch, node, plan } = this.#scene
    const { vhost } = client
    for (const plainName of [draw.topicName, draw.letterStream].slice(0, plan.streams)) {
      const name = draw.labelOf(vhost, plainName)
      if (watch.streams.has(name)) continue
      const isCompacted = plan.compactedBytes > 0 && name === draw.topicName
      const byKafka = isCompacted || (vhost === draw.mainVhost && chance.oneIn(3))
      const partitions = byKafka ? 1 + chance.int(2) : 1
      const names = { name, vhost, plainName }
      const model = new StreamModel(names, { partitions, isCompacted }, (message) =>
        watch.fail(message),
      )
      watch.streams.set(name, model)
      const configs = isCompacted ? compactedConfigs : []
      const none = { replicationFactor: -1, assignments: null, configs }
      const made = byKafka
        ? await node.topics.create({ ...none, name, partitions }, false)
        : await client.session.vhost.declareQueue(draw.streamWish(plainName))
      if (!made.ok) watch.fail(`stream ${name}: ${made.error} ${made.message}`)
      model.isDeclared = made.ok
      this.#stage.saw(byKafka ? `topics of ${partitions} partitions` : 'streams')
    }
  }

  declareExchange(): void {
    const { chance } = this.#scene
    const wish = draw.drawExchange(chance, draw.exchangeName(chance))
    this.#stage.let(async () => {
      const declared = await this.#client()?.session.vhost.declareExchange(wish)
      if (declared?.ok) this.#stage.saw(`exchanges ${wish.type}`)
    })
  }

  bind(): void {
    const { chance, node } = this.#scene
    const client = this.#client()
    const core = node.messaging.vhosts.get(client?.vhost ?? '')
    const from = core?.exchanges.get(draw.exchangeName(chance))
    if (client === undefined || from === undefined) return
    const { vhost } = client.session
    const toExchange = chance.oneIn(5)
    const to = toExchange ? draw.exchangeName(chance) : draw.letterName(chance)
    const wish = draw.drawBinding(chance, from.name, to, from.type)
    this.#stage.let(async () => {
      const isUnbind = chance.oneIn(8)
      if (isUnbind) await vhost.unbindQueue(wish)
      else if (toExchange) {
        if ((await vhost.bindExchange(wish)).ok) this.#stage.saw('bindings of exchanges')
      } else if ((await vhost.bindQueue(wish)).ok) this.#stage.saw('bindings')
    })
  }

  /** One of a client's vhost; undefined: the draw is against it. */
  #some(client: Client | undefined): QueueModel | undefined {
    const { chance, watch } = this.#scene
    const isOurs = (q: QueueModel): boolean => q.isThere && q.vhost === client?.vhost
    const model = this.#stage.pick([...watch.queues.values()].filter(isOurs))
    return chance.oneIn(3) ? model : undefined
  }

  async #deleteQueue(): Promise<void> {
    const { watch } = this.#scene
    const client = this.#client()
    const model = this.#some(client)
    if (client === undefined || model === undefined) return
    const { name, plainName } = model
    const { vhost } = client.session
    const gone = await vhost.deleteQueue(plainName, false, false)
    if (!gone.ok) return
    this.#stage.saw('queues deleted')
    if (watch.queues.get(name) === model) watch.queues.delete(name)
  }

  async #deleteExchange(): Promise<void> {
    const vhost = this.#client()?.session.vhost
    await vhost?.deleteExchange(draw.exchangeName(this.#scene.chance), false)
    this.#stage.saw('exchanges deleted')
  }

  async #purge(): Promise<void> {
    const { watch } = this.#scene
    const client = this.#client()
    const model = this.#some(client)
    // Of a topic nobody knows what is there by now.
    if (client === undefined || model === undefined || model.source !== null) return
    const { vhost } = client.session
    const queue = watch.hosted.get(model.name)?.used
    const ready = queue?.ready ?? 0
    const purging = vhost.purgeQueue(model.plainName)
    const isPurged = ready > 0 && queue?.ready === 0
    if (isPurged) watch.purged(model, ready, queue.inFlight)
    const purged = await purging
    if (!purged.ok) return
    this.#stage.saw('purged')
    if (purged.value !== ready) watch.fail(`${purged.value} purged, and there were ${ready}`)
  }
}
