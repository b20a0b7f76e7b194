// Holds up for a moment who publishes faster than consumers read that need not settle: what such a
// consumer cannot be given at once has to be stored, and storing costs several times as much as
// handing on. Only for a moment, since a client may well publish before it reads: then its messages
// are stored. The door has one; connections tell it whose frames are read, consumers when their
// client leaves much untaken, outputs when that has been taken. And lets nobody's frames take the
// node for long: who has been read for a slice of time goes on in the next turn, behind the others.
import type { Clock, Timer } from '../../io/clock.ts'

/** A connection whose frames are read. */
export interface Paced {
  readonly pace: Pace
  goOn(): void
}

/** Written by `Pacing` alone. */
export interface Pace {
  /** Set: it begins no further frame, until `goOn` is called. */
  isHeld: boolean
  /** The last turn in which its frames were read, and when its slice of that is over. */
  turn: number
  sliceEnd: number
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
  private turn = 1
  private isTurnOpen = false
  private readonly turnEnd = () => {
    this.isTurnOpen = false
    this.turn++
  }
  private frames = 0
  private late: Paced[] = []
  private readonly nextTurn = () => this.goOnWithLate()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /**
   * Frames of this connection are read until `end`. What waits for an answer of the core may go on
   * within the turn, for what is left of its slice.
   */
  begin(connection: Paced): void {
    this.reading = connection
    if (connection.pace.turn === this.turn) return
    connection.pace.turn = this.turn
    connection.pace.sliceEnd = this.clock.monotonic() + sliceMs
    if (this.isTurnOpen) return
    this.isTurnOpen = true
    this.clock.soon(this.turnEnd)
  }

  /** Asked before each frame: whether the connection's slice is over. */
  isSliceOver(connection: Paced): boolean {
    if (++this.frames % framesPerLook !== 0) return false
    if (this.clock.monotonic() < connection.pace.sliceEnd) return false
    connection.pace.isHeld = true
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
    if (reading === null || reading.pace.isHeld) return
    reading.pace.isHeld = true
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
      connection.pace.isHeld = false
      connection.goOn()
    }
  }

  private goOnWithLate(): void {
    const { late } = this
    this.late = []
    this.turn++
    for (const connection of late) {
      connection.pace.isHeld = false
      connection.goOn()
    }
  }
}
