// What happened at one queue since it was opened: plain numbers that only grow, each raised where
// it happens. Listings and rates are made of them, by who reads them.

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

  /** One message to a consumer. */
  sent(settled: boolean, redelivered: boolean): void {
    if (redelivered) this.redelivered++
    if (settled) this.deliveredSettled++
    else this.delivered++
  }

  /** One message to whoever asked for it. */
  gave(settled: boolean, redelivered: boolean): void {
    if (redelivered) this.redelivered++
    if (settled) this.gotSettled++
    else this.got++
  }
}

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
}
