// All messages of one queue, and where each of them is. Invariant: every message that was put in is
// exactly one of ready, in flight (or leaving, which is in flight to a dead-letter target),
// delayed, settled; `ready`, `readyBytes` and `inFlight` say how many. Consumers and rules are the
// queue's. Synchronous, but that a message may have to be read first: `onRead` tells when it was.
import { assert } from '../base/assert.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { MessageView } from '../model/message/message.ts'
import { bytesIn, DelayedEntries, Entries, type Entry, sumOf, unusualOf } from './entry.ts'
import { Lane } from './lane.ts'
import type { Loaded } from './lane-reader.ts'
import { LaneRound } from './lane-round.ts'
import { Ledger } from './ledger.ts'
import { passEmpty, passLost, setRight } from './losses.ts'
import type { DeadLetterReason } from './queue-host.ts'
import { StockFinder } from './stock-finder.ts'
import { keptBytes, Look, type StockNode, type StockPlace } from './stock-parts.ts'

export class Stock {
  readonly name: string
  readonly lanes: Lane[]
  /** Its messages are the records of a topic, of whose bodies nothing is counted. */
  readonly isOfTopic: boolean
  /** What was gone before it was settled: retention took it, or it could not be read. */
  lost = 0
  readonly ledger: Ledger | null
  readonly ledgerLog: PartitionLog | null
  readonly entries = new Entries()
  /** Landed, and on their way to where dead letters go. */
  readonly leaving = new Set<Entry>()
  ready = 0
  readyBytes = 0
  readonly delayed = new DelayedEntries()
  #keptBytes = 0
  isUnplaced = false
  isNoted = false
  isClosed = false
  replayMs: number
  /** What cannot be read is passed over, and counts as lost. */
  skipsDamaged = false
  isUnsure = false
  /** Told when a message that was not in memory has been read. */
  onRead: () => void = () => undefined
  readonly #node: StockNode
  readonly #finder: StockFinder
  /** What the last look found: valid until the stock changes. */
  readonly message = new MessageView()
  readonly #round: LaneRound
  #headLane: Lane | null = null
  #headEntry: Entry | null = null
  #headOffset = 0
  headTimestampMs = 0

  constructor(place: StockPlace, node: StockNode) {
    this.name = place.name
    this.replayMs = place.replayMs
    this.isOfTopic = place.isOfTopic ?? false
    this.lanes = place.logs.map((log, i) => new Lane(i, node, log, () => place.open(i), place))
    this.ledgerLog = place.ledgerLog
    this.ledger = place.ledgerLog === null ? null : new Ledger(this.lanes, node.options)
    this.#node = node
    this.#round = new LaneRound(this.lanes)
    this.#finder = new StockFinder(this, node)
  }

  get inFlight(): number {
    return this.entries.inFlight + this.leaving.size
  }
  get bytesInFlight(): number {
    return sumOf(this.entries.all) + sumOf(this.leaving)
  }

  // ---- Coming in --------------------------------------------------------------------------------

  /** Behind the others of its lane. `isSync`: it counts when it is durable. */
  store(message: MessageView, lane: Lane, nowMs: number, isSync: boolean): void {
    this.#append(message, lane, nowMs, isSync)
    this.ready++
    this.readyBytes += message.body.length
  }

  /** The same, and settles it for its consumer. */
  storeSettled(message: MessageView, lane: Lane, nowMs: number, isSync: boolean): void {
    const isNext = !lane.hasNext()
    const offset = this.#append(message, lane, nowMs, isSync)
    if (isNext) lane.cursor = offset + 1
    this.#settleLogged(lane, offset, message.body.length)
  }

  /** The same, and takes it in flight. Nothing may be ready in its lane. */
  storeTaken(message: MessageView, lane: Lane, nowMs: number, isSync: boolean): Entry {
    const isNext = !lane.hasNext()
    const offset = this.#append(message, lane, nowMs, isSync)
    assert(isNext, 'what was ready goes first')
    lane.cursor = offset + 1
    const entry = this.entries.make(lane.index, offset, message.body.length)
    entry.timestampMs = nowMs
    return this.entries.launch(entry)
  }

  /** Takes a message in flight that stays in memory; null: no memory is left for it. */
  keepTaken(message: MessageView, lane: Lane, nowMs: number): Entry | null {
    const { body, properties } = message
    const kept = keptBytes(body.length + properties.length)
    if (!this.#node.keep(kept)) return null
    this.#keptBytes += kept
    const entry = this.entries.make(lane.index, lane.end, body.length)
    entry.tie = lane.ties++
    entry.keep(message, nowMs)
    return this.entries.launch(entry)
  }

  #append(message: MessageView, lane: Lane, nowMs: number, isSync: boolean): number {
    const offset = lane.append(message, nowMs, isSync)
    this.#node.unplaced(this, message.body.length + message.properties.length)
    return offset
  }

  addLane(log: PartitionLog): Lane {
    const lane = new Lane(this.lanes.length, this.#node, log, () => log, this)
    this.lanes.push(lane)
    this.ready += lane.end
    return lane
  }

  /** Others have appended to the log of a lane. */
  grow(lane: Lane): void {
    const { end, bytes } = lane
    lane.grow()
    this.ready += lane.end - end
    this.readyBytes += lane.bytes - bytes
  }

  // ---- Looking ----------------------------------------------------------------------------------

  /** At the next message of all lanes, or of one. */
  look(only: Lane | null = null): number {
    if (only !== null) return this.#lookIn(only)
    if (this.isOfTopic) return this.#round.look((lane) => this.#lookIn(lane))
    for (let i = this.lanes.length - 1; i >= 0; i--) {
      const lane = this.lanes[i] as Lane
      if (lane.hasReady) return this.#lookIn(lane)
    }
    return Look.nothing
  }

  #lookIn(lane: Lane): number {
    if (lane.isOfTopic) this.lost += passLost(this, lane, this.#node)
    for (;;) {
      const hasNext = lane.hasNext()
      let entry = lane.firstReturned ?? null
      if (entry === null && !hasNext) return Look.nothing
      // Of before the start, some that came back stand behind others that never left.
      if (entry !== null && hasNext && entry.offset > lane.cursor) entry = null
      const offset = entry === null ? lane.cursor : entry.offset
      const found = entry?.kept ? this.#atKept(entry) : this.#find(lane, offset)
      if (found !== Look.there && found !== Look.gap) return found
      const at = found === Look.gap ? lane.reader.gapTo : lane.reader.offset
      if (found === Look.there && (entry?.kept || at === offset)) {
        this.#headLane = lane
        this.#headEntry = entry
        this.#headOffset = offset
        return found
      }
      // Behind the end of a topic's lane stands what is not durable yet.
      this.lose(lane, entry, Math.min(at, lane.end))
    }
  }

  #atKept(entry: Entry): number {
    entry.view(this.message)
    this.headTimestampMs = entry.timestampMs
    return Look.there
  }

  #laneOf(entry: Entry): Lane {
    return this.lanes[entry.lane] as Lane
  }

  /** At the message of one entry. */
  lookAt(entry: Entry): number {
    this.#headLane = null
    if (entry.kept !== null) return this.#atKept(entry)
    const lane = this.#laneOf(entry)
    const found = this.#find(lane, entry.offset)
    const isOther = found === Look.there && lane.reader.offset !== entry.offset
    return isOther || found === Look.gap ? Look.nothing : found
  }

  #find(lane: Lane, offset: number): number {
    const found = this.#finder.find(lane, offset, this.message)
    if (found === Look.there) this.headTimestampMs = lane.reader.timestampMs
    return found
  }

  /** What became of a read, as the finder tells. */
  loaded(lane: Lane, offset: number, loaded: Loaded): void {
    if (loaded === 'empty') passEmpty(this, lane, offset)
    this.onRead()
  }

  /** The log has nothing below `to`, or not any more: what should be there counts as settled. */
  lose(lane: Lane, entry: Entry | null, to: number): void {
    if (entry === null) this.settleUpTo(lane, to)
    else {
      lane.popReturned()
      this.ready--
      this.readyBytes -= entry.bytes
      this.settle(entry)
    }
  }

  /** Nothing that is ready stands below `to`; so many bytes are known of what did. */
  settleUpTo(lane: Lane, to: number, bytes = 0): number {
    const count = lane.settleReady(lane.cursor, to, bytes, this.ledger !== null)
    this.ready -= count
    lane.cursor = to
    this.#node.noted(this)
    return count
  }

  // ---- Going out --------------------------------------------------------------------------------

  /** Takes the message that the last look found in flight. */
  take(): Entry {
    const isBack = this.#headEntry !== null
    const entry = this.entries.launch(this.#headAsEntry())
    // It came here, went back to its place at once, and a snapshot may say that nobody had it.
    if (isBack && entry.deliveries === 1) this.#noteReturned(entry)
    return entry
  }

  /** Whether the message that the last look found was delivered before. */
  get isHeadRedelivered(): boolean {
    if (this.#headEntry !== null) return this.#headEntry.deliveries > 0
    return this.#headOffset < (this.#headLane?.deliveredBelow ?? 0)
  }

  /** Whether it waits for the write that moved it here; `onRead` tells when that is down. */
  get isHeadHeld(): boolean {
    if (this.#headEntry !== null || this.#headLane === null) return false
    return this.#headLane.isHeld(this.#headOffset, () => this.onRead())
  }

  /** What the message that the last look found carries of before; null: nothing. */
  get headBefore(): Readonly<Pick<Entry, 'failures' | 'deliveries'>> | null {
    return this.#headEntry
  }

  get #headBytes(): number {
    return this.isOfTopic ? 0 : this.message.body.length
  }

  /** Settles the message that the last look found. */
  settleHead(): void {
    const lane = this.#headLane
    assert(lane, 'a message was found')
    const bytes = this.#headBytes
    const entry = this.#leave(lane)
    if (entry === null) this.#settleLogged(lane, this.#headOffset, bytes)
    else this.settle(entry)
  }

  /** Takes the message that the last look found away, to where dead letters go. */
  sendHead(reason: DeadLetterReason): void {
    this.send(this.#headAsEntry(), reason, true)
  }

  /** The same of one that has landed. `lasts`: also when the node ends before it has arrived. */
  send(entry: Entry, reason: DeadLetterReason, lasts: boolean): void {
    entry.reason = reason
    entry.lasts = false
    this.leaving.add(entry)
    if (lasts) this.keepLeaving(entry)
  }

  /** As `lasts`, of one that was sent. */
  keepLeaving(entry: Entry): void {
    entry.lasts = true
    this.#noteReturned(entry)
  }

  /** Takes the head out of what is ready. */
  #leave(lane: Lane): Entry | null {
    const entry = this.#headEntry
    this.ready--
    this.readyBytes -= this.#headBytes
    if (this.isOfTopic) this.#round.taken()
    if (entry === null) lane.cursor = this.#headOffset + 1
    else lane.popReturned()
    this.#headLane = null
    this.#headEntry = null
    return entry
  }

  #headAsEntry(): Entry {
    const lane = this.#headLane
    assert(lane, 'a message was found')
    const returned = this.#leave(lane)
    if (returned !== null) return returned
    const entry = this.entries.make(lane.index, this.#headOffset, this.#headBytes)
    entry.timestampMs = this.headTimestampMs
    if (this.#headOffset < lane.deliveredBelow) entry.deliveries = 1
    return entry
  }

  /** Settles one that is in flight. */
  accept(id: number): void {
    this.settle(this.entries.land(id))
    this.setRight()
  }
  setRight(): void {
    if (this.isUnsure) setRight(this, this.#node)
  }

  /** Settles what is nowhere else any more. */
  settle(entry: Entry): void {
    if (entry.kept === null) this.#settleLogged(this.#laneOf(entry), entry.offset, entry.bytes)
    else {
      const bytes = keptBytes(entry.kept.length)
      this.#keptBytes -= bytes
      this.#node.letGo(bytes)
    }
    this.entries.free(entry)
  }

  #settleLogged(lane: Lane, offset: number, bytes: number): void {
    lane.settle(offset, bytes, this.ledger !== null)
    this.#node.noted(this)
  }

  // ---- Coming back ------------------------------------------------------------------------------

  /** To its old place, once it is due. */
  giveBack(entry: Entry, dueMs: number): void {
    entry.dueMs = dueMs
    this.#noteReturned(entry)
    this.restore(entry)
  }

  #noteReturned(entry: Entry): void {
    if (entry.kept !== null || this.ledger === null) return
    this.ledger.returned(entry)
    this.#node.noted(this)
  }

  /** The same, of what the ledger knows already. */
  restore(entry: Entry): void {
    if (entry.reason !== null) this.leaving.add(entry)
    else if (entry.dueMs > 0) this.delayed.push(entry)
    else {
      this.ready++
      this.readyBytes += entry.bytes
      this.#laneOf(entry).putReturned(entry)
    }
  }

  ripen(nowMs: number): void {
    for (let e = this.delayed.takeDue(nowMs); e !== null; e = this.delayed.takeDue(nowMs))
      this.restore(e)
  }

  // ---- All at once ------------------------------------------------------------------------------

  /** Settles what is ready; returns how many that were. */
  purge(): number {
    const count = this.ready
    for (const lane of this.lanes) {
      for (const entry of lane.takeReturned()) this.settle(entry)
      this.#purgeUntouched(lane)
    }
    this.readyBytes = 0
    this.ready = 0
    return count
  }

  #purgeUntouched(lane: Lane): void {
    // Nobody has looked at them, but all others are known.
    const others = [this.entries.all, this.delayed.all, this.leaving]
    const known = others.reduce((sum, entries) => sum + bytesIn(entries, lane.index), 0)
    this.settleUpTo(lane, lane.end, lane.bytes - known)
  }

  /** Those that a snapshot must tell of, since their offsets alone do not say all. */
  *unusual(): Generator<Entry> {
    const returned = this.lanes.map((lane) => lane.allReturned)
    yield* unusualOf([this.entries.all, this.leaving, this.delayed.all, ...returned])
  }

  close(): void {
    this.isClosed = true
    this.#node.letGo(this.#keptBytes)
    this.#keptBytes = 0
    this.entries.clear()
    this.leaving.clear()
    this.delayed.clear()
    this.message.clear()
    for (const lane of this.lanes) lane.close()
  }
}
