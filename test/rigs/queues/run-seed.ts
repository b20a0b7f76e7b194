// One seed of the queues: a whole node on a simulated disk serves its clients, dies at a drawn
// moment, recovers (and dies while it recovers), is drained and held against the model, and goes
// on; a few times over. Everything follows from the seed.
import { NodeBroker } from '../../../src/broker/broker.ts'
import type { Session, Vhost } from '../../../src/broker/messaging/api.ts'
import { promiseTurn } from '../../../src/io/real/clock.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import { prepareCompression } from '../../../src/model/compression.ts'
import { PatternCompiler } from '../../../src/security/access/name-pattern.ts'
import { RigFailure } from '../sim/failure.ts'
import { isExpected, isOfSpace, type SeedResult } from '../sim/run-seed.ts'
import { Actions } from './actions.ts'
import { cleanerRests } from './cleaning.ts'
import { SimConsumer } from './client.ts'
import { Filling, freeBytesMin } from './filling.ts'
import { drawQueuePlan, type QueuePlan } from './plan.ts'
import { StreamConsumer } from './stream-client.ts'
import type { StreamModel } from './stream-model.ts'
import { tagOf } from './topology.ts'
import { traceTo } from './trace.ts'
import { Watch } from './watch.ts'

/** A slow disk may take so long. */
const restsMax = 40
/** No drain needs so many events. */
const drainEventsMax = 50_000

export async function runSeed(seed: number): Promise<SeedResult> {
  await prepareCompression()
  // What is loaded when it is first needed would come at a moment that no seed decides.
  await new PatternCompiler().prepare('q[0-9]')
  const chance = new SimChance(seed)
  const plan = drawQueuePlan(chance)
  const run = new Run(chance, plan)
  let failure: string | null = null
  try {
    await run.all()
  } catch (cause) {
    failure = cause instanceof RigFailure ? cause.message : String((cause as Error).stack ?? cause)
  }
  traceTo(null)
  const { events, crashes, hash, covered } = run
  return { seed, failure, plan: JSON.stringify(plan), covered, events, crashes, hash }
}

class Run {
  events = 0
  crashes = 0
  hash = 0
  readonly #chance: SimChance
  readonly #plan: QueuePlan
  readonly #watch = new Watch()
  #clock = new SimClock()
  #disk: SimDisk
  #names = 0
  #cleaned: () => Promise<void> = async () => undefined

  constructor(chance: SimChance, plan: QueuePlan) {
    this.#chance = chance
    this.#plan = plan
    const { slowOneIn, takesDirect } = plan
    this.#disk = new SimDisk(this.#clock, chance, { slowOneIn, takesDirect })
    traceTo(this.#watch)
  }

  get covered(): ReadonlyMap<string, number> {
    return this.#watch.covered
  }

  async all(): Promise<void> {
    let node = await this.#clock.runUntil(this.#open())
    await this.#clock.runUntil(makeUser(node, this.#plan.vhosts))
    for (let i = 0; i < this.#plan.incarnations; i++) {
      await this.#live(node)
      if (this.#chance.oneIn(6)) await this.#closeDown(node)
      this.#die()
      node = await this.#recover()
    }
    this.#noteClock()
  }

  #look(): void {
    if (this.#watch.wrong !== null) throw this.#watch.wrong
  }

  // ---- Dying and starting -----------------------------------------------------------------------

  async #open(): Promise<NodeBroker> {
    const lines: string[] = []
    const node = await this.#openWith((line) => lines.push(line))
    const strange = lines.filter((line) => !isExpected(line, lines))
    if (strange.length > 0) this.#watch.fail(`reported without a reason: ${strange[0]}`)
    return node
  }

  get #freeBytes(): [string, string][] {
    return this.#plan.fullOneIn > 0 ? [['polymq.disk.free.bytes.min', String(freeBytesMin)]] : []
  }

  #openWith(told: (line: string) => void): Promise<NodeBroker> {
    let isOpen = false
    const open = NodeBroker.open({
      disk: this.#disk,
      clock: this.#clock,
      chance: this.#chance,
      logOptions: this.#plan.log,
      queueOptions: this.#plan.queues,
      settings: new Map([cleanerRests, ...this.#freeBytes]),
      heapBytes: Number.POSITIVE_INFINITY,
      report: (line) => {
        if (isOpen && !isOfSpace(line)) this.#watch.fail(`reported without a reason: ${line}`)
        else told(line)
      },
      failed: (cause) => this.#watch.fail(`failed: ${String((cause as Error).stack)}`),
    })
    open.then(
      () => {
        isOpen = true
      },
      () => undefined,
    )
    return open
  }

  #die(): void {
    this.crashes++
    this.#noteClock()
    this.#watch.crashed()
    const before = this.#clock.now()
    this.#clock = new SimClock()
    this.#clock.jump(before - this.#clock.now())
    const isPowerCut = this.#chance.int(3) > 0
    this.#watch.saw(isPowerCut ? 'power cuts' : 'kills')
    this.#disk = isPowerCut ? this.#disk.crash(this.#clock) : this.#disk.kill(this.#clock)
  }

  #noteClock(): void {
    this.events += this.#clock.events
    this.hash = (Math.imul(this.hash, 31) + this.#clock.traceHash) >>> 0
  }

  async #recover(): Promise<NodeBroker> {
    for (let again = this.#chance.int(3); again > 0; again--) {
      this.#open().catch(() => undefined)
      await this.#clock.run(this.#chance.int(150))
      this.#look()
      this.#watch.saw('crashes while it starts')
      this.#die()
    }
    for (;;) {
      const node = await this.#clock.runUntil(this.#open())
      this.#look()
      this.#watch.rules.read(node.policies)
      this.#watch.recovered()
      await this.#makeRoom()
      this.#look()
      const consumers = await this.#drain(node)
      if (consumers !== null) {
        this.#restock(consumers)
        return node
      }
      this.#watch.saw('crashes while it is drained')
      this.#die()
    }
  }

  /** The node may have started on a full disk; with that it is not to be drained. */
  async #makeRoom(): Promise<void> {
    if (!this.#watch.isFull) return
    this.#watch.isFull = false
    this.#watch.saw('starts on a full disk')
    this.#disk.setCapacity(Number.POSITIVE_INFINITY)
    await this.#clock.runFor(1500)
  }

  // ---- Looking at what is there -----------------------------------------------------------------

  /** Takes all that there is; null: the node is to die before that. */
  async #drain(node: NodeBroker): Promise<SimConsumer[] | null> {
    const watch = this.#watch
    const sessions = new Map(this.#plan.vhosts.map((vhost) => [vhost, sessionOf(node, vhost)]))
    const consumers: SimConsumer[] = []
    const readers: StreamConsumer[] = []
    for (const model of watch.queues.values()) {
      const consumer = new SimConsumer(watch, model, true)
      consumer.room = Number.POSITIVE_INFINITY
      const wish = { tag: 'drain', settled: false, exclusive: false, priority: 0 }
      const got = await sessions
        .get(model.vhost)
        ?.vhost.consume({ ...wish, queue: model.plainName, arguments: new Map() }, consumer)
      // Who has not been used for long may be gone already.
      if (got?.ok !== true) continue
      consumer.subscription = got.value
      consumers.push(consumer)
      got.value.resume()
    }
    for (const model of watch.streams.values()) {
      const vhost = sessions.get(model.vhost)?.vhost
      if (vhost !== undefined) readers.push(await this.#readAll(vhost, model))
    }
    const until = this.#chance.oneIn(8) ? this.#chance.int(40) : Number.POSITIVE_INFINITY
    if (!(await this.#untilEmpty(node, until, readers))) return null
    for (const reader of readers) void reader.end(() => true)
    this.#watch.losses.check()
    for (const model of this.#watch.queues.values()) this.#checkEmpty(model.name)
    this.#look()
    return consumers
  }

  /** A reader of all that a stream has. */
  async #readAll(vhost: Vhost, model: StreamModel): Promise<StreamConsumer> {
    const how = { start: 'first', name: null } as const
    const reader = new StreamConsumer(model, how, (message) => this.#watch.fail(message))
    const wish = { tag: 'drain', settled: false, exclusive: false, priority: 0, prefetch: 1 }
    const got = await this.#clock.runUntil(
      vhost.consume({ ...wish, queue: model.plainName, arguments: reader.arguments }, reader),
    )
    if (!got.ok) throw new RigFailure(`${model.name} is there, and not read: ${got.message}`)
    reader.room = Number.POSITIVE_INFINITY
    reader.subscription = got.value
    got.value.resume()
    return reader
  }

  #checkEmpty(name: string): void {
    const model = this.#watch.queues.get(name)
    const queue = this.#watch.hosted.get(name)?.used ?? null
    if (model === undefined || queue === null || model.isLeaving) return
    this.#watch.losses.checkCounts(model, true)
    if (queue.readyBytes !== 0)
      this.#watch.fail(`${name} is empty, and has ${queue.readyBytes} bytes ready`)
  }

  /** False: `events` came first. */
  async #untilEmpty(
    node: NodeBroker,
    events: number,
    readers: readonly StreamConsumer[],
  ): Promise<boolean> {
    let ran = 0
    let isFlushed = false
    let isAsked = false
    const isEmpty = (): boolean =>
      [...node.messaging.queues.all].every(
        (q) => q.ready === 0 && q.delayed === 0 && !q.isAttended,
      ) &&
      readers.every((reader) => isAtEnd(node, reader)) &&
      this.#watch.losses.allTried()
    await this.#clock.runWhile(() => {
      this.#look()
      if (++ran > drainEventsMax) {
        const left = [...node.messaging.queues.all].filter((q) => q.ready > 0 || q.delayed > 0)
        throw new RigFailure(`${left.map((q) => q.name)} cannot be drained`)
      }
      if (isEmpty() && !isAsked) {
        isAsked = true
        let at = -1
        node.messaging.flush(() => {
          isFlushed = true
          this.#watch.confirm(at < 0 ? this.#watch.event : at)
        })
        at = this.#watch.event
      }
      return ran < events && !(isEmpty() && isFlushed)
    })
    return isEmpty() && isFlushed
  }

  /** Some of it goes, some goes back. */
  #restock(consumers: readonly SimConsumer[]): void {
    const chance = this.#chance
    for (const consumer of consumers) {
      // It stays among the consumers until it is done, so that nobody deletes the queue.
      consumer.room = 0
      const share = chance.int(4)
      for (let i = consumer.flights.length - 1; i >= 0; i--)
        if (chance.int(4) < share) consumer.accept(i)
      consumer.giveBack(false)
      void consumer.subscription?.cancel()
    }
  }

  // ---- Living -----------------------------------------------------------------------------------

  async #live(node: NodeBroker): Promise<void> {
    const { steps, queueCount } = this.#plan
    const watch = this.#watch
    const actions = new Actions({
      chance: this.#chance,
      plan: this.#plan,
      watch,
      clock: this.#clock,
      disk: this.#disk,
      node,
      newName: (vhost) => `${tagOf(vhost)}${this.#names++}`,
    })
    this.#cleaned = () => actions.cleaning.done
    for (const client of actions.stage.clients)
      await this.#clock.runUntil(actions.declaring.declareStreams(client))
    const fillAt = this.#chance.oneIn(this.#plan.fullOneIn) ? this.#chance.int(steps) : -1
    for (let n = watch.queues.size; n < queueCount; n++) {
      actions.declaring.declareQueue()
      actions.declaring.declareExchange()
      await this.#clock.run(40)
    }
    for (let n = this.#chance.int(2 * queueCount); n > 0; n--) {
      actions.declaring.bind()
      await this.#clock.run(10)
    }
    for (let n = 0; n < steps; n++) {
      actions.step()
      await promiseTurn()
      if (n === fillAt && !(await new Filling(actions).run())) return
      if (this.#chance.oneIn(150)) await this.#rest()
      if (this.#chance.oneIn(2)) await this.#clock.run(this.#chance.int(12))
      this.#look()
      if (n % 16 === 0) for (const model of watch.queues.values()) watch.losses.checkCounts(model)
      this.#look()
    }
  }

  /** Nobody does anything for a while: what goes by itself has gone. */
  async #rest(): Promise<void> {
    const watch = this.#watch
    watch.saw('rests')
    for (let n = 0; n === 0 || (n < restsMax && watch.rules.undone().length > 0); n++)
      await this.#clock.runFor(1500)
    for (const fault of watch.rules.undone()) watch.fail(fault)
    for (const model of watch.queues.values()) watch.losses.checkCounts(model)
    this.#look()
  }

  /** Nothing is left undone: all that was settled stays so. */
  async #closeDown(node: NodeBroker): Promise<void> {
    await this.#clock.runUntil(this.#cleaned())
    const at = this.#watch.event
    this.#watch.isEnding = true
    await this.#clock.runUntil(node.close())
    this.#look()
    this.#watch.confirm(at)
    this.#watch.saw('clean ends')
  }
}

/** Somebody who may do everything, without a password. */
async function makeUser(
  { accounts, messaging }: NodeBroker,
  vhosts: readonly string[],
): Promise<void> {
  await accounts.addUser('sim', null, [])
  const all = { configure: '.*', write: '.*', read: '.*' }
  for (const vhost of vhosts) {
    await messaging.createVhost(vhost)
    await accounts.permissions.set('sim', vhost, all)
  }
}

function sessionOf(node: NodeBroker, vhost: string): Session {
  const opened = node.messaging.open({ vhost, user: 'sim', name: 'drain' })
  if (!opened.ok) throw new RigFailure('no session after a start')
  return opened.value
}

function isAtEnd(node: NodeBroker, { model, next }: StreamConsumer): boolean {
  const stream = node.messaging.vhosts.get(model.vhost)?.streams.get(model.plainName)
  return next.every((at, partition) => {
    const log = stream && node.store.get(stream.topic.id, partition)
    return log !== undefined && (at ?? 0) >= log.highWatermark
  })
}
