// The memory that contents and requests of all connections of a door may take while they are not
// whole, or wait. Who finds none left waits in line. Made by the door, used by its connections.

export class PartialMemory {
  private left: number
  private waiting: (() => void)[] = []
  private readonly soon: (action: () => void) => void

  /** `soon` runs an action when the present event has been dealt with. */
  constructor(bytesMax: number, soon: (action: () => void) => void) {
    this.left = bytesMax
    this.soon = soon
  }

  get isUsedUp(): boolean {
    return this.left <= 0
  }

  /** Whether so many bytes are the caller's now, to be given back. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false
    this.left -= bytes
    return true
  }

  /** Counts what is there already, and may overdraw; it is to be given back. */
  hold(bytes: number): void {
    this.left -= bytes
  }

  give(bytes: number): void {
    if (bytes === 0) return
    this.left += bytes
    if (this.left <= 0 || this.waiting.length === 0) return
    const waiting = this.waiting
    this.waiting = []
    this.soon(() => {
      for (const action of waiting) action()
    })
  }

  /** Calls `action` once, when memory has been given back; it may find none again. */
  whenGiven(action: () => void): void {
    this.waiting.push(action)
  }

  forget(action: () => void): void {
    this.waiting = this.waiting.filter((each) => each !== action)
  }
}
