// One seed: the log store runs on a simulated disk, dies at a drawn event, recovers (and dies while
// it recovers), is held against the model, and goes on; a few times over. Everything follows from
// the seed.
import { DiskError } from '../../../src/io/disk.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import { LogStore } from '../../../src/log/log-store.ts'
import { expect, RigFailure } from './failure.ts'
import { checkFlip, chooseFlip } from './flips.ts'
import { Node } from './node.ts'
import { describePlan, drawPlan, type Plan } from './plan.ts'
import { readAll } from './reading.ts'
import { World } from './world.ts'

/** No plan needs so many events between two crashes. */
const eventsMax = 100_000

export interface SeedResult {
  readonly seed: number
  /** Null: all was well. */
  readonly failure: string | null
  readonly plan: string
  readonly events: number
  readonly crashes: number
  /** The same for two runs of a seed. */
  readonly hash: number
}

export async function runSeed(seed: number): Promise<SeedResult> {
  const chance = new SimChance(seed)
  const plan = drawPlan(chance)
  const run = new Run(chance, plan)
  let failure: string | null = null
  try {
    await run.all()
  } catch (cause) {
    failure = cause instanceof RigFailure ? cause.message : String((cause as Error).stack ?? cause)
  }
  const { events, crashes, hash } = run
  return { seed, failure, plan: describePlan(plan), events, crashes, hash }
}

class Run {
  events = 0
  crashes = 0
  hash = 0
  readonly #chance: SimChance
  readonly #plan: Plan
  readonly #world: World
  #clock = new SimClock()
  #disk: SimDisk

  constructor(chance: SimChance, plan: Plan) {
    this.#chance = chance
    this.#plan = plan
    this.#world = new World(chance, plan)
    const slowOneIn = plan.fault === 'slow' ? 20 : 0
    this.#disk = new SimDisk(this.#clock, chance, { slowOneIn })
  }

  async all(): Promise<void> {
    for (let i = 0; i < this.#plan.incarnations; i++) {
      const node = await this.#recover()
      await this.#live(node, i === this.#plan.incarnations - 1)
    }
    if (this.#plan.fault === 'flip') await this.#flip()
    this.#noteClock()
  }

  /** The node dies; what comes next runs on a disk and a clock of its own. */
  #die(power: boolean): void {
    this.crashes++
    this.#noteClock()
    if (power) for (const model of this.#world.partitions) model.powerCut()
    this.#clock = new SimClock()
    this.#disk = power ? this.#disk.crash(this.#clock) : this.#disk.kill(this.#clock)
  }

  #noteClock(): void {
    this.events += this.#clock.events
    this.hash = (Math.imul(this.hash, 31) + this.#clock.traceHash) >>> 0
  }

  // ---- Starting ---------------------------------------------------------------------------------

  async #recover(): Promise<Node> {
    for (let again = this.#chance.int(4); again > 0; again--) {
      const opening = this.#open()
      opening.catch(() => undefined)
      await this.#clock.run(this.#chance.int(60))
      this.#die(this.#chance.int(2) === 0)
    }
    const node = await this.#checked()
    if (!this.#chance.oneIn(4)) return node
    // What was recovered stays recovered.
    for (const model of this.#world.live) model.promise(node.store)
    this.#die(true)
    return this.#checked()
  }

  async #open(): Promise<Node> {
    const holder: { node: Node | null } = { node: null }
    const store = await LogStore.open(
      {
        disk: this.#disk,
        clock: this.#clock,
        options: this.#plan.options,
        hooks: {
          failed: (cause) => {
            if (holder.node) holder.node.failed = true
            if (this.#plan.fault !== 'error' && this.#plan.fault !== 'full') throw cause
          },
          report: (line) => expect(isOfACrash(line), () => `reported without a reason: ${line}`),
        },
      },
      this.#world.known(),
    )
    holder.node = new Node(this.#world, store, this.#clock)
    return holder.node
  }

  /** Recovers without a disturbance, and compares everything. */
  async #checked(): Promise<Node> {
    const node = await this.#clock.runUntil(this.#open())
    for (const model of this.#world.live) {
      const log = node.logOf(model)
      model.recovered(log)
      model.checkSizes(log)
      const whole = await this.#clock.runUntil(readAll(node.store, log, model))
      expect(whole, () => `${model.name}: damaged, and nothing had damaged it`)
    }
    return node
  }

  // ---- Living -----------------------------------------------------------------------------------

  async #live(node: Node, isLast: boolean): Promise<void> {
    node.start()
    const peaceful = isLast && this.#chance.oneIn(2)
    const until = peaceful ? Number.POSITIVE_INFINITY : this.#chance.int(2500)
    const trouble = this.#chance.int(Math.min(until, 1500) + 1)
    for (let ran = 0; ran < until && node.working > 0 && !node.failed; ) {
      const before = this.#clock.events
      if (ran === trouble) await this.#makeTrouble()
      await this.#clock.run(1)
      if (node.wrong !== null) throw node.wrong
      const stood = this.#clock.events === before
      expect(!stood, () => `the log stands still: ${node.working} wait for ever`)
      expect(ran++ < eventsMax, () => `${node.working} are not done after ${eventsMax} events`)
    }
    if (peaceful && !node.failed)
      await this.#closeDown(node).catch((cause: unknown) => {
        if (!(node.failed && cause instanceof DiskError)) throw cause
      })
    const power = node.failed || this.#chance.int(3) > 0
    for (const model of this.#world.live) model.promise(node.store)
    // A failed log may not acknowledge anything any more: what is under way ends first.
    if (node.failed) await this.#clock.run(100)
    if (node.wrong !== null) throw node.wrong
    this.#die(power)
  }

  async #makeTrouble(): Promise<void> {
    if (this.#plan.fault === 'error') {
      const code = this.#chance.int(2) === 0 ? 'EIO' : 'ENOSPC'
      this.#disk.faults.failNext(this.#chance.int(2) === 0 ? 'write' : 'sync', code)
    }
    if (this.#plan.fault === 'full')
      for (let i = 0; i < 3; i++) this.#disk.faults.failNext('write', 'ENOSPC')
  }

  /** Nothing is held, nothing is left over. */
  async #closeDown(node: Node): Promise<void> {
    const { store } = node
    await this.#clock.runUntil(store.flush())
    if (node.failed) return
    await this.#clock.runUntil(store.journal.drain())
    expect(store.journal.slabs.pins === 0, () => `${store.journal.slabs.pins} pins are left`)
    expect(store.reader.lentBytes === 0, () => `${store.reader.lentBytes} bytes are still lent`)
    for (const model of this.#world.live) {
      const log = node.logOf(model)
      model.checkSizes(log)
      expect(
        log.highWatermark === model.end || log.highWatermark === log.logStartOffset,
        () => `${model.name}: ended short of ${model.end}`,
      )
    }
    const files = new Set([...store.all].flatMap((l) => l.segments.map((s) => s.file)))
    const found = (await this.#clock.runUntil(this.#disk.list('segments'))).map((n) =>
      Number.parseInt(n, 10),
    )
    const leaked = found.filter((f) => !files.has(f))
    expect(leaked.length === 0, () => `segment files ${leaked} are leaked`)
    expect(found.length === files.size, () => `${files.size} segment files needed, ${found} there`)
    await this.#clock.runUntil(store.close())
  }

  // ---- Damage -----------------------------------------------------------------------------------

  /**
   * One stored bit turns while the node is down: that may stop the node or a partition, never lie.
   */
  async #flip(): Promise<void> {
    const node = await this.#checked()
    const flip = await this.#clock.runUntil(chooseFlip(this.#disk, node, this.#world))
    for (const model of this.#world.live) model.promise(node.store)
    if (flip === null) return
    this.#die(true)
    this.#disk.flipBit(flip.path, flip.position, flip.bit)
    const place = { disk: this.#disk, clock: this.#clock, world: this.#world }
    await this.#clock.runUntil(checkFlip(flip, place))
  }
}

/** Segment files that nothing refers to yet, and an append to the manifest that never finished. */
const isOfACrash = (line: string): boolean =>
  line.startsWith('removed') || line.includes('a write that never finished')
