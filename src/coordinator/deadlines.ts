// Any number of deadlines on one timer of the clock: a binary heap in which each deadline knows its
// place, so that moving one (every heartbeat does) or dropping one costs a few comparisons and
// leaves nothing behind. Invariant: the clock's timer stands at or before the earliest deadline.
// Every group coordinator owns one; sessions, rebalances and its expiry sweep are filed in it.
import type { Clock, Timer } from '../io/clock.ts'

/** Something that will be due. Filed in at most one `Deadlines`; unset until armed. */
export class Deadline {
  /** Of the monotonic clock; means something only while armed. */
  atMs = 0
  /** Place in the heap, -1 while not armed. */
  index = -1
  action: () => void = nothing

  get isArmed(): boolean {
    return this.index >= 0
  }
}

const nothing = (): void => undefined

export class Deadlines {
  private readonly heap: Deadline[] = []
  private timer: Timer | null = null
  private isClosed = false
  private timerAtMs = Number.POSITIVE_INFINITY
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  get size(): number {
    return this.heap.length
  }

  /** Runs `action` once, `ms` from now, in place of what the deadline stood for before. */
  arm(deadline: Deadline, ms: number, action: () => void): void {
    if (this.isClosed) return
    deadline.atMs = this.clock.monotonic() + ms
    deadline.action = action
    if (!deadline.isArmed) deadline.index = this.heap.push(deadline) - 1
    this.down(this.up(deadline.index))
    this.setTimer()
  }

  cancel(deadline: Deadline): void {
    if (deadline.isArmed) this.remove(deadline)
  }

  /** Drops all deadlines, and those that are armed from now on. */
  close(): void {
    this.isClosed = true
    for (const deadline of this.heap) {
      deadline.index = -1
      deadline.action = nothing
    }
    this.heap.length = 0
    this.timer?.cancel()
    this.timer = null
    this.timerAtMs = Number.POSITIVE_INFINITY
  }

  private remove(deadline: Deadline): void {
    const last = this.heap.pop()
    if (last !== undefined && last !== deadline) {
      this.place(last, deadline.index)
      this.down(this.up(last.index))
    }
    deadline.index = -1
    deadline.action = nothing
  }

  /** A timer that stands too early is left: it finds nothing due and is set anew. */
  private setTimer(): void {
    const first = this.heap[0]
    if (first === undefined || first.atMs >= this.timerAtMs) return
    this.timer?.cancel()
    this.timerAtMs = first.atMs
    this.timer = this.clock.after(first.atMs - this.clock.monotonic(), () => this.tick())
  }

  private tick(): void {
    this.timer = null
    this.timerAtMs = Number.POSITIVE_INFINITY
    const now = this.clock.monotonic()
    for (let first = this.heap[0]; first !== undefined && first.atMs <= now; first = this.heap[0]) {
      const action = first.action
      this.remove(first)
      action()
    }
    this.setTimer()
  }

  /** Moves towards the root; returns the place taken. */
  private up(index: number): number {
    const moving = this.heap[index]
    if (moving === undefined) return index
    let at = index
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.heap[above]
      if (parent === undefined || parent.atMs <= moving.atMs) break
      this.place(parent, at)
      at = above
    }
    this.place(moving, at)
    return at
  }

  private down(index: number): void {
    const moving = this.heap[index]
    if (moving === undefined) return
    let at = index
    for (;;) {
      const left = this.heap[2 * at + 1]
      const right = this.heap[2 * at + 2]
      const least =
        right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left
      if (least === undefined || least.atMs >= moving.atMs) break
      const below = least.index
      this.place(least, at)
      at = below
    }
    this.place(moving, at)
  }

  private place(deadline: Deadline, index: number): void {
    this.heap[index] = deadline
    deadline.index = index
  }
}
