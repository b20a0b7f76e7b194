// A record batch while it is filled: messages are copied once, into the memory from which the
// journal takes them. Offsets in it are certain from the start, since only its lane appends to its
// partition. Memory is lent by `BatchMemory` and given back when the batch has been placed.
import type { MessageView } from '../../model/message/message.ts'
import { nothingShown, type Shown, shownBytes } from '../../model/message/shown-record.ts'
import {
  type Addresses,
  type StoredRecords,
  storedBytesMax,
  writeStored,
} from '../../model/message/stored-message.ts'
import { finishOwnBatch, headerBytes } from '../../model/record-batch.ts'
import { varint } from '../../model/records.ts'

const startBytes = 4 << 10
/** What a record takes besides properties and body, at most. */
export const recordOverheadBytes = 600
/** What is larger is left to the collector. */
const keptBytes = 512 << 10
const keptMax = 8

/** Memory of batches, used again. One for each node. */
export class BatchMemory {
  readonly #free: Uint8Array[] = []

  take(bytesMin: number): Uint8Array {
    const last = this.#free.pop()
    if (last !== undefined && last.length >= bytesMin) return last
    let bytes = startBytes
    while (bytes < bytesMin) bytes *= 2
    return new Uint8Array(bytes)
  }

  give(memory: Uint8Array): void {
    if (memory.length <= keptBytes && this.#free.length < keptMax) this.#free.push(memory)
  }
}

export class BatchBuilder {
  readonly baseOffset: number
  readonly #baseTimestamp: number
  readonly #memory: BatchMemory
  #maxTimestamp: number
  #bytes: Uint8Array
  #end = headerBytes
  #count = 0
  /** Something in it has to be durable before it counts. */
  isSync = false

  constructor(memory: BatchMemory, baseOffset: number, nowMs: number) {
    this.#memory = memory
    this.baseOffset = baseOffset
    this.#baseTimestamp = nowMs
    this.#maxTimestamp = nowMs
    this.#bytes = memory.take(startBytes)
  }

  get bytes(): number {
    return this.#end
  }
  get nextOffset(): number {
    return this.baseOffset + this.#count
  }
  /** Whether it stays below `limitBytes` with this message; the first one always comes in. */
  mayTake({ properties, body }: MessageView, shown: Shown, limitBytes: number): boolean {
    const bytes = properties.length + body.length + shownBytes(shown) + recordOverheadBytes
    return this.#count === 0 || this.#end + bytes <= limitBytes
  }

  add(message: MessageView, addresses: Addresses, nowMs: number, shown = nothingShown): void {
    const address = addresses.encode(message.exchange, message.routingKey)
    this.#grow(storedBytesMax(message, address, shown))
    const delta = nowMs - this.#baseTimestamp
    this.#end = writeStored(this.#bytes, this.#end, message, address, delta, this.#count, shown)
    this.#count++
    if (nowMs > this.#maxTimestamp) this.#maxTimestamp = nowMs
  }

  /** A record of nothing but a value, as ledgers have them. */
  addValue(value: Uint8Array): void {
    const fields = [0, 0, ...varint(this.#count), 1, ...varint(value.length)]
    this.#grow(value.length + 32)
    const bytes = this.#bytes
    const length = varint(fields.length + value.length + 1)
    bytes.set(length, this.#end)
    bytes.set(fields, this.#end + length.length)
    const at = this.#end + length.length + fields.length
    bytes.set(value, at)
    bytes[at + value.length] = 0
    this.#end = at + value.length + 1
    this.#count++
  }

  #grow(more: number): void {
    const needed = this.#end + more
    if (needed <= this.#bytes.length) return
    const larger = this.#memory.take(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#end))
    // Not given back: somebody up the stack may be looking at a message in it.
    this.#bytes = larger
  }

  /** Lets `records` read what is in it so far. */
  openFor(records: StoredRecords): void {
    records.open(this.#bytes, headerBytes, this.#end, this.baseOffset, this.#baseTimestamp)
  }

  grownFor(records: StoredRecords): void {
    records.grown(this.#bytes, this.#end)
  }

  /** The whole batch, with its base offset still at 0; more may be added, and it built again. */
  build(): Uint8Array {
    return finishOwnBatch(
      this.#count,
      this.#baseTimestamp,
      this.#maxTimestamp,
      this.#bytes.subarray(0, this.#end),
    )
  }

  /** It has been placed: its memory is used for others. */
  release(): void {
    this.#memory.give(this.#bytes)
    this.#bytes = nothing
  }
}

const nothing = new Uint8Array(0)
