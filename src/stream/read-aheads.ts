// What the readers of streams hold of records that they have read and not delivered: bounded for
// the node. The one that read first lets go first; and who has not used his for a while lets go of
// it too, so that consumers that stand still cost nothing but their place.
import type { Clock, Timer } from '../io/clock.ts'

export interface Holder {
  /** Set by the holder whenever it takes something of what it holds. */
  inUse: boolean
  letGo(): void
}

const sweepMs = 1000

export class ReadAheads {
  readonly #limitBytes: number
  readonly #clock: Clock
  readonly #held = new Map<Holder, number>()
  readonly #loads = new Set<Promise<void>>()
  isClosed = false
  #bytes = 0
  #timer: Timer | null = null

  constructor(limitBytes: number, clock: Clock) {
    this.#limitBytes = limitBytes
    this.#clock = clock
  }

  get bytes(): number {
    return this.#bytes
  }

  /** `holder` holds so many bytes now, in all; 0: nothing. */
  hold(holder: Holder, bytes: number): void {
    this.#bytes += bytes - (this.#held.get(holder) ?? 0)
    this.#held.delete(holder)
    if (bytes === 0) return
    this.#held.set(holder, bytes)
    this.#timer ??= this.#clock.after(sweepMs, this.#sweep)
    for (const other of [...this.#held.keys()]) {
      if (this.#bytes <= this.#limitBytes || other === holder) return
      other.letGo()
    }
  }

  readonly #sweep = (): void => {
    for (const holder of [...this.#held.keys()]) {
      if (!holder.inUse) holder.letGo()
      holder.inUse = false
    }
    this.#timer = this.#held.size > 0 ? this.#clock.after(sweepMs, this.#sweep) : null
  }

  /** What is on its way from the disk. */
  loading(load: Promise<void>): void {
    this.#loads.add(load)
    void load.then(() => this.#loads.delete(load))
  }

  /** Resolves when nothing is on its way any more; nobody may begin anew. */
  async close(): Promise<void> {
    this.isClosed = true
    await Promise.all(this.#loads)
    for (const holder of [...this.#held.keys()]) holder.letGo()
    this.#timer?.cancel()
    this.#timer = null
  }
}
