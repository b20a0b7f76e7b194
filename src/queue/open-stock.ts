// The start of a durable queue: its ledger is read from its start, then what was published since
// the ledger last told of bytes is counted. Exact: ready is what is in the log and not settled.

import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead } from '../log/read-result.ts'
import { StoredRecords } from '../model/message/stored-message.ts'
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import { readRecords } from '../model/records.ts'
import type { Lane } from './lane.ts'
import type { LaneState } from './ledger/ledger-state.ts'
import { LedgerState } from './ledger/ledger-state.ts'
import { deadLetterReasons } from './queue-host.ts'
import type { Stock } from './stock.ts'

const pieceBytes = 1 << 20

/** Reads the ledger into the lanes of a stock that is new. */
export async function recoverStock(
  stock: Stock,
  store: LogStore,
  report: (line: string) => void,
): Promise<void> {
  const { ledger, ledgerLog, lanes } = stock
  if (ledger === null || ledgerLog === null) return
  const state = new LedgerState(lanes.length)
  let isWhole = ledgerLog.damagedFrom === null
  await readLedger(state, store, ledgerLog, (why) => {
    isWhole = false
    report(`queue ${stock.name}: ${why}; messages that were settled may come again`)
  })
  ledger.replayed(state.bytes, isWhole)
  for (const lane of lanes) {
    const log = lane.existing
    if (log === null) continue
    const from = state.lanes[lane.index] as LaneState
    lane.restore(from, log, store.wasClosed)
    const countFrom = Math.max(from.markedTo, log.logStartOffset)
    if (!lane.isOfTopic) await countBytes(store, log, lane, countFrom)
    const delayed = restoreReturned(stock, lane, from, store.wasClosed)
    const { settled, end } = lane
    stock.ready += end - settled.lowWater - settled.above - lane.takenCount
    stock.readyBytes += Math.max(0, lane.bytes - delayed)
  }
}

/**
 * Those that came back, by the ledger; who was to leave and stayed may have been delivered since.
 * Returns the bytes of those that are not ready.
 */
function restoreReturned(stock: Stock, lane: Lane, from: LaneState, wasClosed: boolean): number {
  let bytes = 0
  for (const note of from.returned.values()) {
    if (note.offset < lane.settled.lowWater || note.offset >= lane.end) continue
    const entry = stock.entries.make(lane.index, note.offset, note.bytes)
    entry.failures = note.failures
    entry.deliveries = wasClosed ? note.deliveries : Math.max(1, note.deliveries)
    entry.dueMs = note.dueMs
    entry.reason = note.reason === null ? null : (deadLetterReasons[note.reason] ?? 'rejected')
    entry.lasts = note.reason !== null
    const isReady = note.dueMs === 0 && note.reason === null
    lane.takeAside(note.offset)
    // Counted with the others of the lane.
    stock.readyBytes -= isReady ? note.bytes : 0
    bytes += isReady ? 0 : note.bytes
    stock.restore(entry)
  }
  return bytes
}

async function readLedger(
  state: LedgerState,
  store: LogStore,
  log: PartitionLog,
  tell: (why: string) => void,
): Promise<void> {
  await eachBatch(store, log, log.logStartOffset, tell, (header) => {
    for (const { value } of readRecords(header.records(), header.recordCount) ?? [])
      if (value !== null && !state.apply(value)) tell('its ledger cannot be understood')
    return true
  })
}

/** Adds the bodies at and behind `from` to what the ledger has told, of which some are settled. */
async function countBytes(
  store: LogStore,
  log: PartitionLog,
  lane: Lane,
  from: number,
): Promise<void> {
  const records = new StoredRecords()
  const told = lane.bytes
  await eachBatch(
    store,
    log,
    from,
    () => undefined,
    (header) => {
      if (header.compression !== 'none' || header.isControl) return true
      const bytes = header.whole()
      records.open(bytes, headerBytes, bytes.length, header.baseOffset, header.baseTimestamp)
      for (let offset = Math.max(from, header.baseOffset); records.seek(offset); ) {
        lane.bytes += records.bodyBytes
        offset = records.offset + 1
      }
      return true
    },
  )
  lane.bytesSinceMark = lane.bytes - told
  lane.bytes = Math.max(0, lane.bytes)
}

/**
 * Calls `each` for the batches at and behind `from`, until it says false. Passes over what cannot
 * be read.
 */
export async function eachBatch(
  store: LogStore,
  log: PartitionLog,
  from: number,
  tell: (why: string) => void,
  each: (header: BatchHeader) => boolean,
): Promise<void> {
  const header = new BatchHeader()
  for (let offset = from; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: pieceBytes, mustGive: true }
    if (!store.reader.readFromMemory(log, want, read))
      await store.reader.readFromDisk(log, want, read)
    const bytes = Buffer.concat(read.records)
    const { damaged, wholeFrom } = read
    store.reader.release(read)
    if (damaged || bytes.length === 0) {
      tell(`its records at offset ${offset} cannot be read`)
      offset = damaged ? wholeFrom : log.endOfPlace(offset)
    }
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      if (!each(header)) return
      offset = header.nextOffset
    }
  }
}
