// What a ledger says when it is read from its start: which offsets of each lane are settled, what
// came back, and how many bytes were there. The start of a queue reads it into its lanes.
import { ByteSource } from './byte-sink.ts'
import { ledgerKind, ledgerVersion } from './ledger-format.ts'
import { SettledSet } from './settled-set.ts'

export interface ReturnedNote {
  readonly offset: number
  readonly bytes: number
  readonly failures: number
  readonly deliveries: number
  readonly dueMs: number
  /** Why it leaves, an index of `deadLetterReasons`; null: it does not. */
  readonly reason: number | null
}

export class LaneState {
  settled = new SettledSet()
  /** Highest offset settled, and so delivered, plus one. */
  settledTo = 0
  /** Offset and bytes of the last mark, less what was settled since. */
  markedTo = 0
  bytes = 0
  cursor = 0
  readonly returned = new Map<number, ReturnedNote>()
}

export class LedgerState {
  readonly lanes: LaneState[]
  /** What was read since the last snapshot. */
  bytes = 0

  constructor(lanes: number) {
    this.lanes = Array.from({ length: lanes }, () => new LaneState())
  }

  /** A record of the ledger, in order. False: it cannot be understood. */
  apply(record: Uint8Array): boolean {
    const from = new ByteSource(record)
    if (from.take() !== ledgerVersion) return false
    this.bytes += record.length
    while (!from.isAtEnd) {
      const kind = from.take()
      if (kind === ledgerKind.snapshot) {
        for (let i = 0; i < this.lanes.length; i++) this.lanes[i] = new LaneState()
        this.bytes = 0
        continue
      }
      const lane = this.lanes[from.take()]
      if (lane === undefined) return false
      if (kind === ledgerKind.settled) applySettled(from, lane)
      else if (kind === ledgerKind.returned) applyReturned(from, lane, false)
      else if (kind === ledgerKind.leaving) applyReturned(from, lane, true)
      else if (kind === ledgerKind.mark) {
        lane.markedTo = from.take()
        lane.bytes = from.take()
        lane.cursor = from.take()
      } else return false
    }
    return true
  }
}

function applySettled(from: ByteSource, lane: LaneState): void {
  lane.bytes -= from.take()
  const ranges = from.take()
  let at = 0
  for (let i = 0; i < ranges && !from.isAtEnd; i++) {
    const start = at + from.take()
    at = start + from.take()
    lane.settled.addRange(start, at)
    lane.settledTo = Math.max(lane.settledTo, at)
    if (lane.returned.size === 0) continue
    if (at - start <= lane.returned.size)
      for (let offset = start; offset < at; offset++) lane.returned.delete(offset)
    else
      for (const offset of lane.returned.keys())
        if (offset >= start && offset < at) lane.returned.delete(offset)
  }
}

function applyReturned(from: ByteSource, lane: LaneState, isLeaving: boolean): void {
  const offset = from.take()
  const bytes = from.take()
  const failures = from.take()
  const deliveries = from.take()
  const last = from.take()
  const dueMs = isLeaving ? 0 : last
  const reason = isLeaving ? last : null
  // The settlement may have been written first: both are of one turn.
  if (lane.settled.has(offset)) return
  lane.returned.delete(offset)
  lane.returned.set(offset, { offset, bytes, failures, deliveries, dueMs, reason })
}
