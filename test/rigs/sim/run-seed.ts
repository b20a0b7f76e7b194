// One seed: the log store runs on a simulated disk, dies at a drawn event, recovers (and dies while
// it recovers), is held against the model, and goes on; a few times over. Everything follows from
// the seed.
import { DiskError } from '../../../src/io/disk.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import { LogStore } from '../../../src/log/log-store.ts'
import { expect, RigFailure } from './failure.ts'
import { checkFlips, chooseFlips, settle } from './flips.ts'
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
  /** How often it came by what is worth coming by. */
  readonly covered: ReadonlyMap<string, number>
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
  const { events, crashes, hash, covered } = run
  return { seed, failure, plan: describePlan(plan), covered, events, crashes, hash }
}

class Run {
  events = 0
  crashes = 0
  hash = 0
  readonly #chance: SimChance
  readonly #plan: Plan
  readonly #world: World
  #disk: SimDisk

  constructor(chance: SimChance, plan: Plan) {
    this.#chance = chance
    this.#plan = plan
    this.#world = new World(chance, plan)
    const { takesDirect, fault } = plan
    const slowOneIn = fault === 'slow' ? 20 : 0
    this.#disk = new SimDisk(this.#clock, chance, { slowOneIn, takesDirect })
    this.#world.makeRoom = () => this.#disk.setCapacity(Number.POSITIVE_INFINITY)
  }

  get covered(): ReadonlyMap<string, number> {
    return this.#world.covered
  }

  get #clock(): SimClock {
    return this.#world.clock
  }

  async all(): Promise<void> {
    for (let i = 0; i < this.#plan.incarnations; i++) {
      const node = await this.#recover()
      await this.#live(node, i === this.#plan.incarnations - 1)
    }
    this.#world.makeRoom()
    const node = await this.#checked()
    // Whatever happened to it, the log takes records again.
    for (const model of this.#world.live) await this.#clock.runUntil(node.append(model))
    if (this.#plan.fault === 'flip') await this.#flip(node)
    this.#noteClock()
  }

  /** The node dies; what comes next runs on a disk and a clock of its own. */
  #die(power: boolean): void {
    this.crashes++
    this.#noteClock()
    if (power) for (const model of this.#world.partitions) model.powerCut()
    this.#world.restartClock()
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
    const state: { node: Node | null; failed: boolean } = { node: null, failed: false }
    const lines: string[] = []
    const store = await LogStore.open(
      {
        disk: this.#disk,
        clock: this.#clock,
        chance: this.#chance,
        options: this.#plan.options,
        hooks: {
          failed: (cause) => {
            if (!this.#world.mayFail) throw cause
            state.failed = true
            if (state.node) state.node.failed = true
          },
          report: (line) => {
            lines.push(line)
            expect(isExpected(line, lines), () => `reported without a reason: ${line}`)
          },
        },
      },
      this.#world.known(),
    )
    state.node = new Node(this.#world, store, this.#clock)
    state.node.failed = state.failed
    state.node.keepsStrays = lines.some(isKept)
    return state.node
  }

  /** A full disk may refuse a start; in the end there is room again. */
  async #openInTheEnd(): Promise<Node> {
    for (;;) {
      try {
        return await this.#clock.runUntil(this.#open())
      } catch (cause) {
        if (!(cause instanceof DiskError && cause.code === 'ENOSPC')) throw cause
        if (this.#plan.fault !== 'full') throw cause
        this.#world.saw('starts refused: disk full')
      }
      if (this.#chance.oneIn(2)) this.#world.makeRoom()
      this.#die(this.#chance.oneIn(2))
    }
  }

  /** Recovers without a disturbance, and compares everything. */
  async #checked(): Promise<Node> {
    const node = await this.#openInTheEnd()
    for (const model of this.#world.live) {
      const log = node.logOf(model)
      model.recovered(log)
      model.checkSizes(log)
      const whole = await this.#clock.runUntil(readAll(node.store, log, model, this.#clock.now()))
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
    let ran = 0
    const ranOn = await this.#clock.runWhile(() => {
      if (node.wrong !== null) throw node.wrong
      if (ran === trouble) this.#makeTrouble()
      expect(ran <= eventsMax, () => `${node.working} are not done after ${eventsMax} events`)
      return ran++ < until && node.working > 0 && !node.failed && !node.ended
    })
    if (node.wrong !== null) throw node.wrong
    expect(ranOn, () => `the log stands still: ${node.working} wait for ever`)
    if (peaceful && !node.failed && !node.ended)
      await this.#closeDown(node).catch((cause: unknown) => {
        if (!(this.#world.mayFail && cause instanceof DiskError)) throw cause
      })
    this.#tellCoverage(node)
    const power = this.#chance.int(3) > 0
    for (const model of this.#world.live) model.promise(node.store)
    // A failed log may not acknowledge anything any more: what is under way ends first.
    if (node.failed) await this.#clock.run(100)
    if (node.wrong !== null) throw node.wrong
    this.#die(power)
  }

  #makeTrouble(): void {
    const { faults } = this.#disk
    if (this.#plan.fault === 'error') {
      const code = this.#chance.int(2) === 0 ? 'EIO' : 'ENOSPC'
      const kinds = ['write', 'sync', 'names'] as const
      faults.failNext(kinds[this.#chance.int(kinds.length)] ?? 'write', code)
    }
    if (this.#plan.fault === 'full')
      this.#disk.setCapacity(this.#disk.usedBytes + this.#chance.int(50_000))
  }

  #tellCoverage({ store, failed, ended }: Node): void {
    const { cleaner, flusher, reader } = store
    this.#world.saw('passes', flusher.counters.passes)
    this.#world.saw('cleanings', cleaner.counters.cleanings)
    this.#world.saw('merges', cleaner.counters.merges)
    this.#world.saw('MiB read from disk', reader.counters.diskBytes / (1 << 20))
    if (failed || ended) this.#world.saw(`ended: ${this.#plan.fault}`)
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
    const most = node.keepsStrays ? leaked.length : 0
    expect(leaked.length === most, () => `segment files ${leaked} are leaked`)
    const needed = files.size + most
    expect(found.length === needed, () => `${files.size} segment files needed, ${found} there`)
    await this.#clock.runUntil(store.close())
  }

  // ---- Damage -----------------------------------------------------------------------------------

  /** Stored bits turn while the node is down: that may stop the node or a partition, never lie. */
  async #flip(node: Node): Promise<void> {
    const world = this.#world
    const settledLsn = await this.#clock.runUntil(settle(node, world))
    for (const model of world.live) model.promise(node.store)
    this.#die(true)
    const remains = { disk: this.#disk, node, world, settledLsn }
    const flips = await this.#clock.runUntil(chooseFlips(remains))
    for (const { path, position, bit } of flips) this.#disk.flipBit(path, position, bit)
    // What the first start made of it, the second must not forget.
    for (let start = 0; start < 2; start++) {
      const place = { disk: this.#disk, clock: this.#clock, world: this.#world }
      const isOpen = await this.#clock.runUntil(checkFlips(flips, place))
      this.#world.saw(isOpen ? 'starts with flips' : 'starts refused: flips')
      if (!isOpen) return
      this.#die(this.#chance.oneIn(2))
    }
  }
}

const isKept = (line: string): boolean => line.startsWith('kept')
const isCut = (line: string): boolean => line.includes('a write that never finished')

export const isOfSpace = (line: string): boolean =>
  line.startsWith('the disk has') || line.startsWith('compaction waits')

/**
 * Segment files that nothing refers to yet, an append to the manifest that never finished; space.
 */
export const isExpected = (line: string, lines: readonly string[]): boolean =>
  line.startsWith('removed') ||
  isCut(line) ||
  (isKept(line) && lines.some(isCut)) ||
  isOfSpace(line)
