// What a channel in confirm mode owes its publisher: one answer for each message, by numbers from 1
// on. Refusals go out at the end of their turn; acknowledgements are cumulative, and wait until
// everything stored up to there is durable. Invariant: each number is either acknowledged or
// refused, never both, and a refusal leaves before any acknowledgement of a later number.

export interface ConfirmSink {
  confirm(isAck: boolean, tag: number, multiple: boolean): void
  /** So many more messages have been acknowledged. */
  acknowledged(count: number): void
}

export class Confirms {
  /** Number of the last message published. */
  private last = 0
  /** The same at the end of the last turn. */
  private ended = 0
  /** Of the last message that a queue keeps durably; and up to where all is durable. */
  private stored = 0
  private durable = 0
  /** Everything up to here is answered. */
  private answered = 0
  private refused: number[] = []
  /** Refused, and behind `answered`. */
  private readonly refusedAhead = new Set<number>()
  private readonly sink: ConfirmSink

  constructor(sink: ConfirmSink) {
    this.sink = sink
  }

  published(isStored: boolean, isRefused: boolean): void {
    const number = ++this.last
    if (isStored) this.stored = number
    if (isRefused) this.refused.push(number)
  }

  /** The number to give `becameDurable` once everything up to now is durable; 0: not needed. */
  endTurn(): number {
    for (const number of this.refused) {
      this.sink.confirm(false, number, false)
      this.refusedAhead.add(number)
    }
    if (this.refused.length > 0) this.refused = []
    this.ended = this.last
    if (this.stored > this.durable) return this.ended
    this.acknowledge(this.ended)
    return 0
  }

  becameDurable(number: number): void {
    this.durable = number
    this.acknowledge(this.stored <= number ? this.ended : number)
  }

  private acknowledge(number: number): void {
    if (number <= this.answered) return
    const isAlone = number === this.answered + 1
    this.sink.acknowledged(number - this.answered - this.refusedUpTo(number))
    if (this.refusedAhead.size === 0) this.sink.confirm(true, number, !isAlone)
    else this.acknowledgeAround(number)
    this.answered = number
  }

  /** Published, and not answered yet. */
  get waiting(): number {
    return this.last - this.answered - this.refusedAhead.size
  }

  private refusedUpTo(number: number): number {
    let count = 0
    for (const each of this.refusedAhead) if (each <= number) count++
    return count
  }

  private acknowledgeAround(number: number): void {
    const { refusedAhead } = this
    let highest = number
    while (refusedAhead.has(highest)) highest--
    if (highest > this.answered) {
      let lower = highest - 1
      while (refusedAhead.has(lower)) lower--
      this.sink.confirm(true, highest, lower > this.answered)
    }
    for (const each of refusedAhead) if (each <= number) refusedAhead.delete(each)
  }
}
