// Sizes of what queues take of a node's memory. Tests make them tiny.

export interface QueueOptions {
  /** Of messages in flight that are nowhere else; beyond, they are put into the log. */
  readonly keptBytes: number
  /** Of what was read ahead of consumers, for all queues. */
  readonly pieceBytes: number
  /** Published and not placed, since the journal is full: beyond, publishers are held up. */
  readonly unplacedBytes: number
  /** Settlements are on the disk so soon, also when no confirm waits for them. */
  readonly settleMs: number
  /** The log start is raised when so many bytes of bodies can go, */
  readonly trimBytes: number
  /** or so many when nothing is left. */
  readonly trimEmptyBytes: number
  /** What is settled behind messages that stay is written out of the log when it is so much. */
  readonly reclaimBytes: number
  /** A snapshot is due when the ledger has grown by this, and by as much as the last one took. */
  readonly snapshotBytes: number
  /** A mark is due when so many bytes of bodies were put into a lane: what a start has to count. */
  readonly markBytes: number
  /** Dead letters that a queue keeps since nobody takes them: beyond, it delivers nothing. */
  readonly leavingMax: number
  /** How long a consumer may keep a delivery without settling it. Infinity: for ever. */
  readonly consumerTimeoutMs: number
  /** What cannot be read is passed over; false: it holds the queue up until somebody purges it. */
  readonly skipsDamaged: boolean
}

const MiB = 1 << 20

export const queueOptions: QueueOptions = {
  keptBytes: 64 * MiB,
  pieceBytes: 64 * MiB,
  unplacedBytes: 8 * MiB,
  settleMs: 10,
  trimBytes: 4 * MiB,
  trimEmptyBytes: MiB / 16,
  reclaimBytes: 64 * MiB,
  snapshotBytes: MiB,
  markBytes: 16 * MiB,
  leavingMax: 20_000,
  consumerTimeoutMs: 30 * 60_000,
  skipsDamaged: false,
}
