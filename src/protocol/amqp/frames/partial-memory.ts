// The memory that contents and requests of all connections of a door may take while they are not
// whole, or wait. Who finds none left waits until some is given back. One of those who have some
// and need more may borrow beyond the bound, so that never all wait for each other: the one that
// has waited longest. Made by the door, used by its connections.

/** Of the memory, what only small things get. */
const shareOfSmall = 1 / 4

export class PartialMemory {
  readonly bytesMax: number
  private left: number
  /** Counted apart, since it is often part of what waits for memory. */
  private held = 0
  /** Who has borrowed, and how much, until it is paid back. */
  private borrower: object | null = null
  private borrowed = 0
  private readonly borrowedMax: number
  /** Who did not get what they need for a content: the first may borrow next. */
  private readonly line = new Set<object>()
  private waiting = new Set<() => void>()
  private readonly soon: (action: () => void) => void

  /** `soon` runs an action when the present event has been dealt with. */
  constructor(bytesMax: number, borrowedMax: number, soon: (action: () => void) => void) {
    this.bytesMax = bytesMax
    this.borrowedMax = borrowedMax
    this.left = bytesMax
    this.soon = soon
  }

  /** So much is held that no more should be read. */
  get isUsedUp(): boolean {
    return this.held >= this.bytesMax
  }

  /** What contents and requests have. */
  get taken(): number {
    return this.bytesMax - this.left + this.borrowed
  }

  /**
   * Whether so many bytes are the caller's now, to be given back. `isLarge`: it is for something
   * large, which leaves a part to what is small.
   */
  take(bytes: number, isLarge = false): boolean {
    const kept = isLarge ? this.bytesMax * shareOfSmall : 0
    if (bytes > this.left - kept) return false
    this.left -= bytes
    return true
  }

  /** As `take`, beyond the bound, to be paid back: one `owner` at a time. */
  borrow(owner: object, bytes: number): boolean {
    const [first = owner] = this.line
    const isNext = this.borrower === null && first === owner
    if ((!isNext && this.borrower !== owner) || this.borrowed + bytes > this.borrowedMax)
      return false
    this.borrower = owner
    this.borrowed += bytes
    return true
  }

  payBack(bytes: number): void {
    this.borrowed -= bytes
    if (this.borrowed === 0) this.borrower = null
    this.wake()
  }

  isBorrower(owner: object): boolean {
    return this.borrower === owner
  }

  /** `owner` has what it needs, or needs it no more. */
  leaveLine(owner: object): void {
    if (this.line.delete(owner)) this.wake()
  }

  give(bytes: number): void {
    this.left += bytes
    this.wake()
  }

  /** So many more bytes that were received wait to be looked at; negative: fewer. */
  holdChanged(bytes: number): void {
    this.held += bytes
    if (bytes < 0) this.wake()
  }

  /**
   * Calls `action` once, when memory has been given back; it may find none again. `owner`: who
   * needs it for a content, until `leaveLine`.
   */
  whenGiven(action: () => void, owner: object | null = null): void {
    if (owner !== null) this.line.add(owner)
    this.waiting.add(action)
  }

  private wake(): void {
    if (this.waiting.size === 0) return
    const { waiting } = this
    this.waiting = new Set()
    this.soon(() => {
      for (const action of waiting) action()
    })
  }

  forget(action: () => void): void {
    this.waiting.delete(action)
  }
}
