// Holds up for a moment who publishes faster than consumers read that need not settle: what such a
// consumer cannot be given at once has to be stored, and storing costs several times as much as
// handing on. Only for a moment, since a client may well publish before it reads: then its messages
// are stored. The door has one; connections tell it whose frames are read, consumers when their
// client leaves much untaken, outputs when that has been taken. And lets nobody's frames take the
// node for long: who has been read for a slice of time goes on in the next turn, behind the others.
import type { Clock, Timer } from '../../io/clock.ts'

/** A connection whose frames are read. */
export interface Paced {
  /** Set: it begins no further frame, until `goOn` is called. */
  isPaced: boolean
  goOn(): void
}

/** Time in which a client that reads at all has taken much of what waits for it. */
const pauseMs = 5
const sliceMs = 10
/** The clock is looked at once for so many frames, a power of two. */
const framesPerLook = 4

export class Pacing {
  private readonly clock: Clock
  private reading: Paced | null = null
  private readonly paced: Paced[] = []
  private timer: Timer | null = null
  private readonly over = () => this.release()
  private sliceEnd = 0
  private frames = 0
  private late: Paced[] = []
  private readonly nextTurn = () => this.goOnWithLate()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Frames of this connection are read until `end`. */
  begin(connection: Paced): void {
    this.reading = connection
    this.frames = 0
    this.sliceEnd = this.clock.monotonic() + sliceMs
  }

  /** Asked before each frame: whether the connection's slice is over. */
  isSliceOver(connection: Paced): boolean {
    if (++this.frames % framesPerLook !== 0 || this.clock.monotonic() < this.sliceEnd) return false
    connection.isPaced = true
    this.late.push(connection)
    if (this.late.length === 1) this.clock.soon(this.nextTurn)
    return true
  }

  end(): void {
    this.reading = null
  }

  /** What the connection publishes waits for a client that takes less. */
  crowded(): void {
    const { reading } = this
    if (reading === null || reading.isPaced) return
    reading.isPaced = true
    this.paced.push(reading)
    this.timer ??= this.clock.after(pauseMs, this.over)
  }

  /** A client has taken what waited. */
  taken(): void {
    if (this.timer !== null) this.release()
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = null
    this.paced.length = 0
    this.late = []
  }

  private release(): void {
    this.timer?.cancel()
    this.timer = null
    for (const connection of this.paced.splice(0)) {
      connection.isPaced = false
      connection.goOn()
    }
  }

  private goOnWithLate(): void {
    const { late } = this
    this.late = []
    for (const connection of late) {
      connection.isPaced = false
      connection.goOn()
    }
  }
}
