// One seed of the queues: a whole node on a simulated disk serves its clients, dies at a drawn
// moment, recovers (and dies while it recovers), is drained and held against the model, and goes
// on; a few times over. Everything follows from the seed.
import { NodeBroker } from '../../../src/broker/broker.ts'
import { promiseTurn } from '../../../src/io/real/clock.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import { prepareCompression } from '../../../src/model/compression.ts'
import { RigFailure } from '../sim/failure.ts'
import { isExpected, type SeedResult } from '../sim/run-seed.ts'
import { Actions } from './actions.ts'
import { SimConsumer } from './client.ts'
import { drawQueuePlan, type QueuePlan } from './plan.ts'
import { traceTo } from './trace.ts'
import { Watch } from './watch.ts'

/** No drain needs so many events. */
const drainEventsMax = 50_000

export async function runSeed(seed: number): Promise<SeedResult> {
  await prepareCompression()
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
    await this.#clock.runUntil(makeUser(node))
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

  #openWith(told: (line: string) => void): Promise<NodeBroker> {
    let isOpen = false
    const open = NodeBroker.open({
      disk: this.#disk,
      clock: this.#clock,
      chance: this.#chance,
      logOptions: this.#plan.log,
      queueOptions: this.#plan.queues,
      settings: new Map(),
      heapBytes: Number.POSITIVE_INFINITY,
      report: (line) => {
        if (isOpen) this.#watch.fail(`reported without a reason: ${line}`)
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
      this.#watch.recovered()
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

  // ---- Looking at what is there -----------------------------------------------------------------

  /** Takes all that there is; null: the node is to die before that. */
  async #drain(node: NodeBroker): Promise<SimConsumer[] | null> {
    const opened = node.messaging.open({ vhost: '/', user: 'sim', name: 'drain' })
    if (!opened.ok) throw new RigFailure('no session after a start')
    const consumers: SimConsumer[] = []
    for (const model of this.#watch.queues.values()) {
      const consumer = new SimConsumer(this.#watch, model, true)
      consumer.room = Number.POSITIVE_INFINITY
      const wish = { tag: 'drain', settled: false, exclusive: false, priority: 0 }
      const got = await opened.value.vhost.consume(
        { ...wish, queue: model.name, arguments: new Map() },
        consumer,
      )
      // Who has not been used for long may be gone already.
      if (!got.ok) continue
      consumer.subscription = got.value
      consumers.push(consumer)
      got.value.resume()
    }
    const until = this.#chance.oneIn(8) ? this.#chance.int(40) : Number.POSITIVE_INFINITY
    if (!(await this.#untilEmpty(node, until))) return null
    this.#watch.checkDrained()
    for (const model of this.#watch.queues.values()) this.#checkEmpty(model.name)
    this.#look()
    return consumers
  }

  #checkEmpty(name: string): void {
    const model = this.#watch.queues.get(name)
    const queue = this.#watch.hosted.get(name)?.queue
    if (model === undefined || queue === undefined || model.isLeaving) return
    this.#watch.checkCounts(model)
    if (queue.readyBytes !== 0)
      this.#watch.fail(`${name} is empty, and has ${queue.readyBytes} bytes ready`)
  }

  /** False: `events` came first. */
  async #untilEmpty(node: NodeBroker, events: number): Promise<boolean> {
    let ran = 0
    let isFlushed = false
    let isAsked = false
    const isEmpty = (): boolean =>
      [...node.messaging.queues.all].every((q) => q.ready === 0 && q.delayed === 0 && !q.isAttended)
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
      node,
      newName: () => `m${this.#names++}`,
    })
    for (let n = watch.queues.size; n < queueCount; n++) {
      actions.declareQueue()
      actions.declareExchange()
      await this.#clock.run(40)
    }
    for (let n = this.#chance.int(2 * queueCount); n > 0; n--) {
      actions.bind()
      await this.#clock.run(10)
    }
    for (let n = 0; n < steps; n++) {
      actions.step()
      await promiseTurn()
      if (this.#chance.oneIn(2)) await this.#clock.run(this.#chance.int(12))
      this.#look()
      if (n % 16 === 0) for (const model of watch.queues.values()) watch.checkCounts(model)
      this.#look()
    }
  }

  /** Nothing is left undone: all that was settled stays so. */
  async #closeDown(node: NodeBroker): Promise<void> {
    const at = this.#watch.event
    await this.#clock.runUntil(node.close())
    this.#look()
    this.#watch.confirm(at)
    this.#watch.saw('clean ends')
  }
}

/** Somebody who may do everything, without a password. */
async function makeUser({ accounts }: NodeBroker): Promise<void> {
  await accounts.addUser('sim', null, [])
  const all = { configure: '.*', write: '.*', read: '.*' }
  await accounts.permissions.set('sim', '/', all)
}
