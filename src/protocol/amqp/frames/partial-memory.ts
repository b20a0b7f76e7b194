// The memory that contents and requests of all connections of a door may take while they are not
// whole, or wait. Who finds none left waits in line. Made by the door, used by its connections.

export class PartialMemory {
  private readonly bytesMax: number
  private left: number
  /** Counted apart, since it is often part of what waits for memory. */
  private held = 0
  private waiting = new Set<() => void>()
  private readonly soon: (action: () => void) => void

  /** `soon` runs an action when the present event has been dealt with. */
  constructor(bytesMax: number, soon: (action: () => void) => void) {
    this.bytesMax = bytesMax
    this.left = bytesMax
    this.soon = soon
  }

  /** So much is held that no more should be read. */
  get isUsedUp(): boolean {
    return this.held >= this.bytesMax
  }

  /** Whether so many bytes are the caller's now, to be given back. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false
    this.left -= bytes
    return true
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
