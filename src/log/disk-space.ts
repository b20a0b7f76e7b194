// How much of the disk is left, and whether that is too little to take records: told by `look`,
// which upkeep calls, never on the way of a message. Below the bound appends are refused; the
// flusher starts no pass that could fill the disk, so that what is in the journal stays there and
// nothing is written half. Both leave room for the file that the journal makes in advance, whenever
// it does. Log store and partitions ask it.
import type { Disk } from '../io/disk.ts'

/** Of the bound: to be there above it before records are taken again, and never to be used. */
const slackShare = 1 / 16

export class DiskSpace {
  readonly #disk: Disk
  /** Of a file of the journal. */
  readonly #spareBytes: number
  #bytesMin = 0
  #freeBytes = Number.POSITIVE_INFINITY
  #isLow = false

  constructor(disk: Disk, spareBytes: number) {
    this.#disk = disk
    this.#spareBytes = spareBytes
  }

  get isLow(): boolean {
    return this.#isLow
  }

  /** At the last look; Infinity when the system does not tell. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /**
   * Looks at the disk; true when `isLow` has changed. `wantedMin` 0: it is never low; else less
   * than two files of the journal is no bound that it could work with.
   */
  async look(wantedMin: number): Promise<boolean> {
    const before = this.#isLow
    const bytesMin = wantedMin > 0 ? Math.max(wantedMin, 2 * this.#spareBytes) : 0
    this.#bytesMin = bytesMin
    this.#freeBytes = bytesMin > 0 ? await this.#disk.freeBytes() : Number.POSITIVE_INFINITY
    const enough = before ? bytesMin * (1 + slackShare) : bytesMin
    this.#isLow = this.#freeBytes < enough
    return this.#isLow !== before
  }

  /** Whether so many bytes may be written behind the journal. */
  async mayWrite(bytes: number): Promise<boolean> {
    if (this.#bytesMin === 0) return true
    const kept = this.#bytesMin * slackShare + this.#spareBytes
    return (await this.#disk.freeBytes()) >= bytes + kept
  }

  lowText(): string {
    return (
      `the disk has ${toMiB(this.#freeBytes)} MiB left, and polymq.disk.free.bytes.min asks for ` +
      `${toMiB(this.#bytesMin)} MiB: records are refused until there is more; make room on the ` +
      'disk, delete topics or records, or shorten retention.ms'
    )
  }

  enoughText(): string {
    return `the disk has ${toMiB(this.#freeBytes)} MiB left: records are taken again`
  }
}

const toMiB = (bytes: number): number => Math.floor(bytes / (1 << 20))
