// What a queue does about records that are not there. Of a topic, retention takes them whether they
// are settled or not, and compaction takes some from the midst; of any log, some may be damaged.
// The stock calls it.
import type { Entry } from './entry.ts'
import type { Lane } from './lane.ts'
import type { PlacedStock, StockNode } from './stock-parts.ts'

/** A stock that loses messages. */
export interface LosingStock {
  readonly name: string
  readonly leaving: Set<Entry>
  /** How many it has lost. */
  lost: number
  readonly skipsDamaged: boolean
  /** Its bytes may hold some of what was passed over, whose sizes nobody could read. */
  isUnsure: boolean
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
  const { log } = lane
  if (offset < log.logStartOffset || log.deleted) return
  passOver(stock, lane, offset, Math.min(log.endOfPlace(offset), lane.end))
}

/**
 * What the lane's reader could not read at `offset` is passed over, up to where it may be whole
 * again. False: the stock does not do that.
 */
export function passDamaged(
  stock: LosingStock,
  lane: Lane,
  offset: number,
  node: { report(line: string): void },
): boolean {
  if (!stock.skipsDamaged) return false
  const count = passOver(stock, lane, offset, lane.reader.wholeFrom)
  stock.lost += count
  if (count > 0) tellPassed(stock, offset, `messages: ${count}`, node)
  return count > 0
}

/** From now on nobody is sure of the bytes that the stock has. */
export function tellPassed(
  stock: LosingStock,
  offset: number,
  extent: string,
  node: { report(line: string): void },
): void {
  stock.isUnsure = true
  node.report(
    `queue ${stock.name} passed over what cannot be read from offset ${offset} on (${extent}), ` +
      'as polymq.damaged.queues says',
  )
}

/** At `offset`, and if nobody has looked at them up to `to`. Returns how many were passed over. */
function passOver(stock: LosingStock, lane: Lane, offset: number, to: number): number {
  const { firstReturned: entry } = lane
  if (entry?.offset === offset) {
    stock.lose(lane, entry, to)
    return 1
  }
  if (lane.cursor === offset) return stock.settleUpTo(lane, Math.min(to, lane.end))
  for (const left of stock.leaving)
    if (left.lane === lane.index && left.offset === offset) {
      stock.leaving.delete(left)
      stock.settle(left)
      return 1
    }
  return 0
}

interface CountedStock extends LosingStock, PlacedStock {
  readonly ready: number
  readyBytes: number
  readonly delayed: { readonly size: number }
}

/** When it is empty, the bytes that are left over belong to what could not be read. */
export function setRight(stock: CountedStock, node: Pick<StockNode, 'noted'>): void {
  if (stock.ready + stock.inFlight + stock.delayed.size > 0) return
  stock.isUnsure = false
  stock.readyBytes = 0
  for (const lane of stock.lanes) lane.settleBytes(Math.max(0, lane.bytes), stock.ledger !== null)
  node.noted(stock)
}
