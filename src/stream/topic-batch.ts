// A record batch while it is filled with the messages of one turn for one partition. TopicAppends
// has one for each partition that was published to.
import type { PartitionLog } from '../log/partition-log.ts'
import { recompress } from '../model/batch-content.ts'
import type { MessageView } from '../model/message/message.ts'
import type { Shown } from '../model/message/shown-record.ts'
import { storedBytesMax, writeStored } from '../model/message/stored-message.ts'
import { BatchHeader, finishOwnBatch, headerBytes } from '../model/record-batch.ts'

const startBytes = 4 << 10

export class TopicBatch {
  readonly log: PartitionLog
  readonly leaderEpoch: number
  readonly #baseTimestamp: number
  #maxTimestamp: number
  #bytes = new Uint8Array(startBytes)
  #end = headerBytes
  #count = 0

  constructor(log: PartitionLog, leaderEpoch: number, nowMs: number) {
    this.log = log
    this.leaderEpoch = leaderEpoch
    this.#baseTimestamp = nowMs
    this.#maxTimestamp = nowMs
  }

  get bytes(): number {
    return this.#end
  }

  /** `address` is of `Addresses.encode`. */
  add(message: MessageView, address: Uint8Array, shown: Shown, nowMs: number): void {
    const needed = this.#end + storedBytesMax(message, address, shown)
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.#end))
      this.#bytes = larger
    }
    const delta = nowMs - this.#baseTimestamp
    const at = this.#end
    this.#end = writeStored(this.#bytes, at, message, address, delta, this.#count, shown)
    this.#count++
    this.#maxTimestamp = Math.max(this.#maxTimestamp, nowMs)
  }

  /**
   * The whole batch, compressed if the topic says how and that makes it smaller; its base offset is
   * still relative to 0.
   */
  build(): Uint8Array {
    const batch = finishOwnBatch(
      this.#count,
      this.#baseTimestamp,
      this.#maxTimestamp,
      this.#bytes.subarray(0, this.#end),
    )
    const { compression, gzipLevel, zstdLevel } = this.log.settings
    if (compression === 'producer' || compression === 'uncompressed') return batch
    const header = new BatchHeader().moveTo(batch)
    const level =
      compression === 'gzip' ? gzipLevel : compression === 'zstd' ? zstdLevel : undefined
    const compressed = recompress(header, header.records(), compression, level)
    return compressed.length < batch.length ? compressed : batch
  }
}
