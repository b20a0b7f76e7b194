// For how long nobody has used a queue that is to go when that is too long. Told once. The queue
// owns it.
export class Disuse {
  #lastUseMs: number
  #isTold = false

  constructor(nowMs: number) {
    this.#lastUseMs = nowMs
  }

  used(nowMs: number): void {
    this.#lastUseMs = nowMs
  }

  /** When the queue is to go, if nobody uses it until then; Infinity: it stays. */
  endMs(expiresMs: number): number {
    return this.#isTold ? Number.POSITIVE_INFINITY : this.#lastUseMs + expiresMs
  }

  /** True once. */
  isOver(nowMs: number, expiresMs: number): boolean {
    if (nowMs < this.endMs(expiresMs)) return false
    this.#isTold = true
    return true
  }
}
