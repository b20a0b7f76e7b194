// What a stock is made of and what it asks of its node. See stock.ts.
import type { PartitionLog } from '../log/partition-log.ts'
import type { Entry } from './entry.ts'
import type { Lane, LaneParts } from './lane.ts'
import type { Ledger } from './ledger.ts'
import type { QueueOptions } from './queue-options.ts'

/** A stock as it is placed. */
export interface PlacedStock {
  readonly lanes: readonly Lane[]
  readonly ledger: Ledger | null
  readonly ledgerLog: PartitionLog | null
  readonly ready: number
  readonly inFlight: number
  readonly isClosed: boolean
  /** For how long what is settled stays in the log; 0: not. */
  readonly replayMs: number
  /** The node has it in its lists. */
  isUnplaced: boolean
  isNoted: boolean
  unusual(): Iterable<Entry>
}

/** What a stock needs of its node. */
export interface StockNode extends LaneParts {
  readonly options: QueueOptions
  /** Bytes of messages kept in memory; false: there is no room for so many. */
  keep(bytes: number): boolean
  letGo(bytes: number): void
  /** Something is to be placed: data or notes. */
  unplaced(stock: PlacedStock, bytes: number): void
  noted(stock: PlacedStock): void
  report(line: string): void
}

export interface StockPlace {
  readonly name: string
  readonly replayMs: number
  /** One for each lane; null: made when it is needed. */
  readonly logs: readonly (PartitionLog | null)[]
  open(lane: number): PartitionLog
  /** The logs are a topic's, which others append to and retention trims: they are only read. */
  readonly isOfTopic?: boolean
  /** Clients of other protocols read the logs. */
  readonly isShown?: boolean
  /** Null: nothing of the queue survives the node. */
  readonly ledgerLog: PartitionLog | null
}

/** What it takes to keep so many bytes of a message. */
export const keptBytes = (bytes: number): number => bytes + 256

/** Of a look at what is next; `gap`: no records up to where the lane's reader says. */
export const Look = { nothing: 0, later: 1, there: 2, gap: 3 } as const
