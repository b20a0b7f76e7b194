// From which offset on a partition is out of service, and why: because the journal has lost
// records, which the manifest remembers, or because a segment file is not there as it should be,
// which each start finds out anew, so that a file that is put back is all that it takes. A
// partition has one.
import type { Segment } from './segment/segment.ts'

export class Damage {
  /** First offset that is known to be unreadable; null when all is well. */
  from: number | null
  /** The part of it that outlives this start. */
  noted: number | null
  /** Behind the last record that is known to be lost: no other may get its offset. */
  notedTo: number
  /** Segments that have lost something, and from which offset on. */
  #lost = new Map<Segment, number>()

  constructor(noted: number | null, notedTo: number) {
    this.noted = noted
    this.notedTo = notedTo
    this.from = noted
  }

  /** Whether what stands at `offset` is not served: it may not be what was written there. */
  covers(offset: number): boolean {
    return this.from !== null && offset >= this.from
  }

  /**
   * Behind what is known to be lost at `offset`; `offset` itself: what stands there is as it was
   * written, behind something that is lost.
   */
  lostTo(offset: number): number {
    for (const [segment, from] of this.#lost)
      if (offset >= from && offset < segment.nextOffset) return segment.nextOffset
    const isNoted = this.noted !== null && offset >= this.noted && offset < this.notedTo
    return isNoted ? this.notedTo : offset
  }

  /**
   * Records at `offset` and up to `to` were durable, and the journal cannot say them any more: they
   * are kept, and not served as if whole.
   */
  note(offset: number, to: number): void {
    this.noted = Math.min(this.noted ?? Number.POSITIVE_INFINITY, offset)
    this.notedTo = Math.max(this.notedTo, to)
    this.#look()
  }

  /** What was noted is nothing to anybody any more. */
  forget(): void {
    this.noted = null
    this.notedTo = 0
  }

  /** The file of a segment is not as it should be, and its records from `offset` on are lost. */
  lose(segment: Segment, offset: number): void {
    segment.index.isDamaged = true
    this.#lost.set(segment, offset)
    this.#look()
  }

  /** Only these segments are left; what was lost with others is nothing to anybody. */
  keep(segments: readonly Segment[]): void {
    for (const lost of [...this.#lost.keys()]) if (!segments.includes(lost)) this.#lost.delete(lost)
    this.#look()
  }

  #look(): void {
    const offsets = [...this.#lost.values()]
    if (this.noted !== null) offsets.push(this.noted)
    this.from = offsets.length === 0 ? null : Math.min(...offsets)
  }
}
