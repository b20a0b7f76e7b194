// What of the segment files need not be summed again: this process wrote it, or found its
// checksums right, not long ago (an hour, if nothing else is set), and nobody has written to the
// file since. Asked on behalf of readers that get the checksums too and read on and on; what others
// read, and where a read begins, is summed each time. A bit that the medium loses within that time
// is the client's to find. Invariant: of each file one run of bytes, no part of which was found
// right before `sinceMs`. The segment reader and the flusher use it.
import type { Clock } from '../../io/clock.ts'

interface Run {
  readonly from: number
  to: number
  readonly sinceMs: number
  /** Of the file, then. */
  version: number
}

interface Look {
  readonly version: Promise<number>
  /** Infinity: this process writes to the file, and takes its changes for its own. */
  readonly untilMs: number
}

/** So long the version of a file is believed to be what it was. */
const lookMs = 1000

export class CheckedBytes {
  readonly #clock: Clock
  readonly #lastingMs: number
  readonly #versionOf: (file: number) => Promise<number>
  readonly #runs = new Map<number, Run>()
  readonly #looks = new Map<number, Look>()

  /**
   * @param lastingMs 0: all is summed each time
   * @param versionOf see `DiskFile.version`
   */
  constructor(clock: Clock, lastingMs: number, versionOf: (file: number) => Promise<number>) {
    this.#clock = clock
    this.#lastingMs = lastingMs
    this.#versionOf = versionOf
  }

  /** To be asked before what is to be found right is read. */
  version(file: number): Promise<number> {
    const nowMs = this.#clock.monotonic()
    const look = this.#looks.get(file)
    if (look !== undefined && nowMs < look.untilMs) return look.version
    const version = this.#versionOf(file)
    this.#looks.set(file, { version, untilMs: nowMs + lookMs })
    return version
  }

  /** Whether the bytes [from, to) are as they were when they were right. */
  covers(file: number, from: number, to: number, version: number): boolean {
    const run = this.#runs.get(file)
    if (run === undefined || run.version !== version || this.#isOld(run)) return false
    return run.from <= from && to <= run.to
  }

  /** The bytes [from, to) were read at this version, and are right. */
  found(file: number, from: number, to: number, version: number): void {
    const run = this.#runs.get(file)
    if (run === undefined || run.version < version || this.#isOld(run)) {
      const sinceMs = this.#clock.monotonic()
      if (version >= 0) this.#runs.set(file, { from, to, sinceMs, version })
    } else if (run.version === version && run.from <= from && from <= run.to)
      run.to = Math.max(run.to, to)
  }

  /** This process is about to write to the file, whose version is this. */
  writing(file: number, version: number): void {
    this.#looks.set(file, {
      version: Promise.resolve(version),
      untilMs: Number.POSITIVE_INFINITY,
    })
  }

  /** It has written the bytes [from, to). Unless it was alone with the file, nothing is known. */
  async written(
    file: number,
    from: number,
    to: number,
    { version, isAlone }: { readonly version: number; readonly isAlone: boolean },
  ): Promise<void> {
    const before = await this.#looks.get(file)?.version
    this.#looks.delete(file)
    if (!isAlone) {
      this.#runs.delete(file)
      return
    }
    const run = this.#runs.get(file)
    if (run !== undefined && run.version === before) run.version = version
    this.found(file, from, to, version)
  }

  forget(file: number): void {
    this.#runs.delete(file)
    this.#looks.delete(file)
  }

  #isOld({ sinceMs }: Run): boolean {
    return this.#clock.monotonic() - sinceMs >= this.#lastingMs
  }
}
