// What the ledger of a durable queue is told, until it is written: one record for each flush, in a
// partition beside the data. Snapshots take the place of everything before them. Replayed by
// ledger-state.ts. The stock owns it.
import type { Entry } from './entry.ts'
import type { Lane } from './lane.ts'
import { ByteSink } from './ledger/byte-sink.ts'
import { ledgerKind, ledgerVersion } from './ledger/ledger-format.ts'
import { deadLetterReasons } from './queue-host.ts'
import type { QueueOptions } from './queue-options.ts'

export class Ledger {
  readonly #lanes: readonly Lane[]
  readonly #options: QueueOptions
  /** Entries other than of settlements. */
  readonly #notes = new ByteSink()
  readonly #record = new ByteSink()
  #bytesSinceSnapshot = 0
  #lastSnapshotBytes = 0

  constructor(lanes: readonly Lane[], options: QueueOptions) {
    this.#options = options
    this.#lanes = lanes
  }

  /** As much was read at the start; what could not be read is made good by a snapshot, soon. */
  replayed(bytes: number, isWhole: boolean): void {
    this.#bytesSinceSnapshot = isWhole ? bytes : Number.POSITIVE_INFINITY
  }

  returned(entry: Entry): void {
    writeReturned(this.#notes, entry)
  }

  get hasNotes(): boolean {
    return (
      this.#notes.length > 0 ||
      this.#lanes.some(
        (l) => l.newlySettled.length > 0 || l.bytesSinceMark >= this.#options.markBytes,
      )
    )
  }

  get isSnapshotDue(): boolean {
    return this.#bytesSinceSnapshot >= this.#options.snapshotBytes + this.#lastSnapshotBytes
  }

  /** No record of now is larger. */
  bytesMax(): number {
    let bytes = 64 + this.#notes.length
    for (const lane of this.#lanes) bytes += 64 + lane.newlySettled.length * 8
    return bytes
  }

  /** The record to write; a view, valid until the next. Everything noted counts as written. */
  record(): Uint8Array {
    const record = this.#record
    record.clear()
    record.put(ledgerVersion)
    for (const lane of this.#lanes) {
      if (lane.newlySettled.length === 0) continue
      writeSettled(record, lane.index, lane.newlySettledBytes, mergedRanges(lane.newlySettled))
      lane.newlySettled.length = 0
      lane.newlySettledBytes = 0
    }
    for (const lane of this.#lanes)
      if (lane.bytesSinceMark >= this.#options.markBytes) writeMark(record, lane)
    record.putAll(this.#notes.view())
    this.#notes.clear()
    this.#bytesSinceSnapshot += record.length
    return record.view()
  }

  /** A record that tells everything; nothing may be noted that is not written. */
  snapshot(unusual: Iterable<Entry>): Uint8Array {
    const record = this.#record
    record.clear()
    record.put(ledgerVersion).put(ledgerKind.snapshot)
    for (const { index, settled } of this.#lanes) {
      const ranges = settled.lowWater > 0 ? [0, settled.lowWater] : []
      settled.ranges((from, to) => ranges.push(from, to))
      if (ranges.length > 0) writeSettled(record, index, 0, ranges)
    }
    for (const lane of this.#lanes) if (lane.end > 0) writeMark(record, lane)
    for (const entry of unusual) writeReturned(record, entry)
    this.#bytesSinceSnapshot = 0
    this.#lastSnapshotBytes = record.length
    return record.view()
  }
}

function writeReturned(into: ByteSink, entry: Entry): void {
  const { lane, offset, bytes, failures, deliveries, dueMs, lasts, reason } = entry
  into.put(lasts ? ledgerKind.leaving : ledgerKind.returned)
  into.put(lane).put(offset).put(bytes).put(failures).put(deliveries)
  into.put(lasts ? deadLetterReasons.indexOf(reason ?? 'rejected') : dueMs)
}

function writeSettled(into: ByteSink, lane: number, bytes: number, ranges: number[]): void {
  into
    .put(ledgerKind.settled)
    .put(lane)
    .put(bytes)
    .put(ranges.length / 2)
  let last = 0
  for (let i = 0; i < ranges.length; i += 2) {
    const from = ranges[i] as number
    const to = ranges[i + 1] as number
    into.put(from - last).put(to - from)
    last = to
  }
}

function writeMark(into: ByteSink, lane: Lane): void {
  into.put(ledgerKind.mark).put(lane.index).put(lane.end).put(lane.bytes)
  into.put(lane.delivered)
  lane.toldDelivered = lane.delivered
  lane.bytesSinceMark = 0
}

/** In order, and those that touch as one. */
function mergedRanges(ranges: number[]): number[] {
  if (ranges.length === 2) return ranges
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2)
    pairs.push([ranges[i] as number, ranges[i + 1] as number])
  pairs.sort((a, b) => a[0] - b[0])
  const merged: number[] = []
  for (const [from, to] of pairs) {
    const last = merged.length - 1
    if (last > 0 && (merged[last] as number) >= from)
      merged[last] = Math.max(to, merged[last] as number)
    else merged.push(from, to)
  }
  return merged
}
