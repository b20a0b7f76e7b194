// The memory that contents and requests of all connections of a door may take while they are not
// whole, or wait. Who finds none left waits until some is given back. One of those who have some
// and need more may borrow beyond the bound, so that never all wait for each other. Made by the
// door, used by its connections.

export class PartialMemory {
  private readonly bytesMax: number
  private left: number
  /** Counted apart, since it is often part of what waits for memory. */
  private held = 0
  /** Who has borrowed, as long as that is not made up for. */
  private borrower: object | null = null
  private readonly borrowedMax: number
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

  /** Somebody waits. */
  get isShort(): boolean {
    return this.waiting.size > 0
  }

  /** Whether so many bytes are the caller's now, to be given back. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false
    this.left -= bytes
    return true
  }

  /** As `take`, beyond the bound: one `owner` at a time. */
  borrow(owner: object, bytes: number): boolean {
    if (!this.mayBorrow(owner) || bytes - this.left > this.borrowedMax) return false
    this.borrower = owner
    this.left -= bytes
    return true
  }

  /** Else another has borrowed, and gives it back. */
  mayBorrow(owner: object): boolean {
    return this.borrower === null || this.borrower === owner
  }

  give(bytes: number): void {
    this.left += bytes
    if (this.left >= 0) this.borrower = null
    this.wake()
  }

  /** So many more bytes that were received wait to be looked at; negative: fewer. */
  holdChanged(bytes: number): void {
    this.held += bytes
    if (bytes < 0) this.wake()
  }

  /** Calls `action` once, when memory has been given back; it may find none again. */
  whenGiven(action: () => void): void {
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
