// What happened at one queue since it was opened: plain numbers that only grow, each raised where
// it happens. Listings and rates are made of them, by who reads them.
import { type DeadLetterReason, deadLetterReasons } from './queue-host.ts'

/** What becomes of what dies: nobody wants it; it is published once; or until it is taken. */
export const deadLetterStrategies = ['disabled', 'at_most_once', 'at_least_once'] as const
export type DeadLetterStrategy = (typeof deadLetterStrategies)[number]

export class QueueCounters {
  published = 0
  /** To consumers that settle, and to those that do not. */
  delivered = 0
  deliveredSettled = 0
  /** One at a time, in the same way. */
  got = 0
  gotSettled = 0
  gotNothing = 0
  redelivered = 0
  accepted = 0
  /** When a message last came or went out; 0: none has. */
  activeMs = 0
  /** Of what died, by reason and strategy; null: nothing has. */
  deaths: Float64Array | null = null

  /** One message was put in. */
  came(nowMs: number): void {
    this.activeMs = nowMs
    this.published++
  }

  /** One message to a consumer. */
  sent(settled: boolean, redelivered: boolean, nowMs: number): void {
    this.activeMs = nowMs
    if (redelivered) this.redelivered++
    if (settled) this.deliveredSettled++
    else this.delivered++
  }

  /** One message to whoever asked for it. */
  gave(settled: boolean, redelivered: boolean, nowMs: number): void {
    this.activeMs = nowMs
    if (redelivered) this.redelivered++
    if (settled) this.gotSettled++
    else this.got++
  }

  died(reason: DeadLetterReason, strategy: DeadLetterStrategy): void {
    this.deaths ??= new Float64Array(deadLetterReasons.length * deadLetterStrategies.length)
    const at = deathAt(reason, strategy)
    this.deaths[at] = (this.deaths[at] ?? 0) + 1
  }

  deathsOf(reason: DeadLetterReason, strategy: DeadLetterStrategy): number {
    return this.deaths?.[deathAt(reason, strategy)] ?? 0
  }
}

const deathAt = (reason: DeadLetterReason, strategy: DeadLetterStrategy): number =>
  deadLetterReasons.indexOf(reason) * deadLetterStrategies.length +
  deadLetterStrategies.indexOf(strategy)

/** Adds those of `more` to `sum`. */
export function addCounters(sum: QueueCounters, more: QueueCounters): void {
  sum.published += more.published
  sum.delivered += more.delivered
  sum.deliveredSettled += more.deliveredSettled
  sum.got += more.got
  sum.gotSettled += more.gotSettled
  sum.gotNothing += more.gotNothing
  sum.redelivered += more.redelivered
  sum.accepted += more.accepted
  if (more.deaths === null) return
  sum.deaths ??= new Float64Array(more.deaths.length)
  for (const [at, count] of more.deaths.entries()) sum.deaths[at] = (sum.deaths[at] ?? 0) + count
}

/** The same of many queues, each kind by itself. */
export class CountersByType {
  readonly classic = new QueueCounters()
  readonly quorum = new QueueCounters()
  readonly stream = new QueueCounters()

  add(more: CountersByType): void {
    addCounters(this.classic, more.classic)
    addCounters(this.quorum, more.quorum)
    addCounters(this.stream, more.stream)
  }
}
