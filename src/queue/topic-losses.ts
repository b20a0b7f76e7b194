// What a queue over a topic does about records that are not there: retention takes them whether
// they are settled or not, and compaction takes some from the midst. The stock calls it.
import type { Entry } from './entry.ts'
import type { Lane } from './lane.ts'

/** A stock that loses messages. */
export interface LosingStock {
  readonly name: string
  readonly leaving: Set<Entry>
  /** Takes a message away that came back, or all that is ready below `to`. */
  lose(lane: Lane, entry: Entry | null, to: number): void
  /** Returns how many were ready. */
  settleUpTo(lane: Lane, to: number): number
  /** Of what is nowhere else any more. */
  settle(entry: Entry): void
}

/** Passes over what is below the start of the log; returns how many messages those were. */
export function passLost(
  stock: LosingStock,
  lane: Lane,
  node: { report(line: string): void },
): number {
  const start = Math.min(lane.log.logStartOffset, lane.end)
  let lost = 0
  for (let e = lane.firstReturned; e !== undefined && e.offset < start; e = lane.firstReturned) {
    stock.lose(lane, e, start)
    lost++
  }
  if (lane.cursor < start) lost += stock.settleUpTo(lane, start)
  if (lost > 0)
    node.report(
      `queue ${stock.name}: the retention of its topic took ${lost} messages of partition ` +
        `${lane.index} before they were settled`,
    )
  return lost
}

/** The log has no record at `offset`, up to the end of the segment where it should be. */
export function passEmpty(stock: LosingStock, lane: Lane, offset: number): void {
  const { log, firstReturned: entry } = lane
  if (offset < log.logStartOffset || log.deleted) return
  const to = Math.min(log.endOfPlace(offset), lane.end)
  if (entry?.offset === offset) stock.lose(lane, entry, to)
  else if (lane.cursor === offset) stock.settleUpTo(lane, to)
  else
    for (const left of stock.leaving)
      if (left.lane === lane.index && left.offset === offset) {
        stock.leaving.delete(left)
        stock.settle(left)
      }
}
