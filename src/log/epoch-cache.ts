// Where each leader epoch of a partition began. Answers where the records of an epoch end, by which
// clients and followers find out that their log has diverged (KIP-101, KIP-320). Offsets and epochs
// only grow.
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

export class EpochCache {
  #starts: EpochStart[]

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = [...starts]
  }

  get starts(): readonly EpochStart[] {
    return this.#starts
  }

  /** -1 when nothing was ever appended. */
  get latest(): number {
    return this.#starts[this.#starts.length - 1]?.epoch ?? -1
  }

  /** A batch of `epoch` starts at `offset`. */
  note(epoch: number, offset: number): void {
    if (epoch > this.latest) this.#starts.push({ epoch, startOffset: offset })
  }

  /** Epoch of the record at `offset`. */
  at(offset: number): number {
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const start = this.#starts[i] as EpochStart
      if (start.startOffset <= offset) return start.epoch
    }
    return -1
  }

  /** Whether a batch at `baseOffset` that reaches above the log start can be of `epoch`. */
  agrees(epoch: number, baseOffset: number): boolean {
    return epoch === this.at(Math.max(baseOffset, this.#starts[0]?.startOffset ?? 0))
  }

  /**
   * The largest epoch not above `epoch`, and where its records end; (-1, -1) when there is none.
   * As in Kafka, an epoch that is not known but newer than ours answers (-1, -1) too.
   */
  endOf(epoch: number, logEndOffset: number): { epoch: number; endOffset: number } {
    if (epoch === -1 || this.#starts.length === 0 || epoch > this.latest)
      return { epoch: -1, endOffset: -1 }
    if (epoch === this.latest) return { epoch, endOffset: logEndOffset }
    const above = this.#starts.findIndex((s) => s.epoch > epoch)
    const endOffset = (this.#starts[above] as EpochStart).startOffset
    // Before the first epoch that we know, the records are of an epoch that has been deleted.
    return { epoch: above === 0 ? epoch : (this.#starts[above - 1] as EpochStart).epoch, endOffset }
  }

  /**
   * Forgets epochs whose records are all gone; the one that holds `logStartOffset` begins there
   * now.
   */
  trimStart(logStartOffset: number): void {
    const holds = this.#starts.findLastIndex((s) => s.startOffset <= logStartOffset)
    if (holds < 0) return
    const { epoch } = this.#starts[holds] as EpochStart
    this.#starts = [{ epoch, startOffset: logStartOffset }, ...this.#starts.slice(holds + 1)]
  }
}
