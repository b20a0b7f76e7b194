// How many partitions the fetches that wait are about, all connections together. Each costs memory
// until its fetch is answered, which may take minutes; so there is a bound, and beyond it a fetch
// is answered at once with what is there. One for each door.

export class FetchWaits {
  private readonly partitionsMax: number
  private partitions = 0

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
