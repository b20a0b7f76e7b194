// How many partitions the fetches that wait are about, all connections together. Each costs memory
// until its fetch is answered, which may take minutes; so there is a bound, and beyond it a fetch
// watches nothing: it looks again when its time is up, and that is soon. It still waits, or its
// client would ask again at once, and all clients with it. One for each door.

/** As long as clients wait by default, and no longer. */
export const unwatchedMsMax = 500

export class FetchWaits {
  private readonly partitionsMax: number
  /** Being watched now. */
  partitions = 0

  constructor(partitionsMax: number) {
    this.partitionsMax = partitionsMax
  }

  /** Whether a fetch of so many may wait. */
  hasRoom(partitions: number): boolean {
    return this.partitions + partitions <= this.partitionsMax
  }

  begin(partitions: number): void {
    this.partitions += partitions
  }

  end(partitions: number): void {
    this.partitions -= partitions
  }
}
