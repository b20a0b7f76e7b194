// Bad input against the real process. One broker, one client that behaves, and beside it everything
// that nobody should send. For each case: what was answered, the longest time that the good client
// waited, and the broker's memory. At the end nothing that was acknowledged may be missing, before
// and after kill -9, the memory must be where it was, and the log short and clean. The command line
// of each protocol's rig says what its clients are.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '../../wire/random-value.ts'
import { BrokerProcess } from './broker-process.ts'
import type { Healthy } from './healthy-client.ts'
import { logFaults } from './log-check.ts'
import { type CaseOf, connecting, pause, type WorldOf } from './world.ts'

/** The good client may wait so long for one acknowledgement; other programs share the machine. */
const gapMsMax = 3_000
/** So much more may be resident at the end than after the warm-up. */
const growthMbMax = 150
const looksMax = 6

interface Client {
  close(): void
}

/** What is special about a protocol. */
export interface RigParts<C extends Client, Options> {
  readonly listen: readonly string[]
  readonly cases: readonly CaseOf<WorldOf<C, Options>>[]
  /** What is fuzzed, and what is acknowledged, in the words of the protocol. */
  readonly words: { readonly fuzzed: string; readonly acked: string }
  /** So much may be resident after the warm-up. */
  readonly warmMbMax: number
  /** Of what the cases have left behind, until it ends by itself. */
  readonly settleMs: { readonly short: number; readonly full: number }
  connect(port: number, options?: Options): Promise<C>
  /** What came of a case. */
  outcomeOf(each: CaseOf<WorldOf<C, Options>>, world: WorldOf<C, Options>): Promise<string>
  fuzz(port: number, count: number, random: () => number): Promise<object>
  /** Makes the broker take what a node takes once and keeps. */
  warmUp(rig: Rig<C, Options>): Promise<void>
  /** Gives the broker something to do, so that its collector of garbage has too. */
  stir?(rig: Rig<C, Options>): Promise<void>
  healthy(port: number): Healthy
  /** Null, or which of so many acknowledged is not as it was. */
  lost(port: number, acked: number): Promise<string | null>
}

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    fuzzed: { type: 'string' },
    rows: { type: 'string' },
  },
})
const fuzzedUsual = { short: 600, full: 10_000 }

export class Rig<C extends Client, Options> {
  readonly isShort = values.short
  readonly seed = Number(values.seed ?? 1 + Math.floor(Math.random() * 1e9))
  readonly random = seeded(this.seed)
  readonly #parts: RigParts<C, Options>
  readonly #rows = values.rows?.split(',').map(Number)
  readonly #folder = mkdtempSync(join(tmpdir(), 'polymq-bad-'))
  readonly #failures: string[] = []
  #passed = 0
  #longestGapMs = 0
  #running: BrokerProcess | null = null

  /** Plays everything, says what came of it, and sets the exit code. */
  static async play<C extends Client, Options>(parts: RigParts<C, Options>): Promise<void> {
    const startedAt = performance.now()
    const rig = new Rig(parts)
    console.log(`seed ${rig.seed}`)
    try {
      await rig.#run()
    } finally {
      if (rig.#running?.isRunning) await rig.#running.stop()
      rmSync(rig.#folder, { recursive: true, force: true })
    }
    const failures = rig.#failures
    for (const failure of failures) console.log(`failed: ${failure}`)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
    const counts = `${rig.#passed} passed, ${failures.length} failed`
    console.log(`${counts} (seed ${rig.seed}, ${seconds} s)`)
    process.exitCode = failures.length === 0 ? 0 : 1
  }

  private constructor(parts: RigParts<C, Options>) {
    this.#parts = parts
  }

  get broker(): BrokerProcess {
    if (this.#running === null) throw new Error('no broker has been started')
    return this.#running
  }

  /** Plays a case, whatever comes of it. */
  async playSilently(each: CaseOf<WorldOf<C, Options>>, isShort = this.isShort): Promise<void> {
    const { world, closeAll } = this.#world(() => undefined, isShort)
    await this.#parts.outcomeOf(each, world)
    closeAll()
  }

  async #start(): Promise<void> {
    const { listen } = this.#parts
    this.#running = await BrokerProcess.start(join(this.#folder, 'data'), { listen })
  }

  #world(
    note: (line: string) => void,
    isShort: boolean,
  ): { world: WorldOf<C, Options>; closeAll: () => void } {
    const { broker, random } = this
    const { connect, closeAll } = connecting(() => broker.port, this.#parts.connect)
    return { world: { broker, isShort, folder: this.#folder, random, connect, note }, closeAll }
  }

  #check(isRight: boolean, what: string): void {
    console.log(`${isRight ? 'ok  ' : 'FAIL'} ${what}`)
    if (isRight) this.#passed++
    else this.#failures.push(what)
  }

  async #run(): Promise<void> {
    const { cases, words, warmMbMax, settleMs } = this.#parts
    const isWhole = this.#rows === undefined
    await this.#start()
    const fresh = this.broker.memory().residentMb
    await this.#parts.warmUp(this)
    const healthy = this.#parts.healthy(this.broker.port)
    await pause(2_000)
    await healthy.report()
    const before = this.broker.memory().residentMb
    for (const each of cases) if (this.#isWanted(each)) await this.#runCase(each, healthy)
    if (isWhole) await this.#fuzz(healthy)
    await pause(this.isShort ? settleMs.short : settleMs.full)
    const after = await this.#settled(before + growthMbMax)
    const { acked, consumed, problem } = await healthy.stop()
    const [freshMb, warmMb, lastMb] = [fresh, before, after].map((mb) => mb.toFixed(0))
    const story = `${freshMb} MB fresh, ${warmMb} MB warm, ${lastMb} MB after all`
    const isFlat = before <= warmMbMax && after - before <= growthMbMax
    if (isWhole)
      this.#check(isFlat, `memory: ${story} (at most ${warmMbMax}, then ${growthMbMax} more)`)
    this.#check(
      problem === null && consumed === acked,
      `the good client: ${acked} ${words.acked}, ${consumed} consumed, longest gap ` +
        `${this.#longestGapMs.toFixed(0)} ms (at most ${gapMsMax})${problem ?? ''}`,
    )
    for (const fault of logFaults(this.broker.log)) this.#check(false, fault)
    this.#check(true, `the log has ${this.broker.log.length} lines`)
    await this.#nothingIsLost(acked)
  }

  #isWanted(each: { readonly row: number; readonly isLong?: boolean }): boolean {
    if (this.#rows === undefined) return !(this.isShort && each.isLong === true)
    return this.#rows.includes(each.row)
  }

  async #runCase(each: CaseOf<WorldOf<C, Options>>, healthy: Healthy): Promise<void> {
    const notes: string[] = []
    const { world, closeAll } = this.#world((line) => notes.push(line), this.isShort)
    const outcome = await this.#parts.outcomeOf(each, world)
    closeAll()
    if (!this.broker.isRunning) throw new Error(`the broker ended:\n${this.broker.last()}`)
    const { gapMs, problem } = await this.#served(healthy)
    const { residentMb, peakMb } = this.broker.memory()
    const got = outcome === each.answer ? outcome : `${outcome}, not ${each.answer}`
    const figures = `${gapMs.toFixed(0)} ms, ${residentMb.toFixed(0)} (${peakMb.toFixed(0)}) MB`
    this.#check(outcome === each.answer, `row ${each.row}: ${each.sent}: ${got} [${figures}]`)
    for (const note of notes) console.log(`     ${note}`)
    if (problem !== null || gapMs > gapMsMax)
      this.#check(
        false,
        `the good client after this: ${problem ?? `waited ${gapMs.toFixed(0)} ms`}`,
      )
  }

  async #fuzz(healthy: Healthy): Promise<void> {
    const usual = this.isShort ? fuzzedUsual.short : fuzzedUsual.full
    const count = Number(values.fuzzed ?? usual)
    const tally = await this.#parts.fuzz(this.broker.port, count, this.random)
    const { gapMs, problem } = await this.#served(healthy)
    const isServed = problem === null && gapMs <= gapMsMax && this.broker.isRunning
    const told = `${JSON.stringify(tally)} [${gapMs.toFixed(0)} ms]`
    this.#check(isServed, `fuzzed ${this.#parts.words.fuzzed}: ${told}`)
  }

  async #served(healthy: Healthy): Promise<{ gapMs: number; problem: string | null }> {
    const report = await healthy.report()
    this.#longestGapMs = Math.max(this.#longestGapMs, report.gapMs)
    return report
  }

  /** V8 collects when there is work. What is not given back after some looks is kept. */
  async #settled(mbMax: number): Promise<number> {
    let mb = Number.POSITIVE_INFINITY
    for (let i = 0; i < looksMax && mb > mbMax; i++) {
      await this.#parts.stir?.(this)
      await pause(2_000)
      mb = this.broker.memory().residentMb
    }
    return mb
  }

  async #nothingIsLost(acked: number): Promise<void> {
    await this.broker.kill()
    await this.#start()
    const lost = await this.#parts.lost(this.broker.port, acked)
    const what = `${acked} ${this.#parts.words.acked} after kill -9`
    this.#check(lost === null, `${what}: ${lost ?? 'all there'}`)
  }
}
