// The partitions of a node by topic and number. Looked up for every batch: by the id that the topic
// holds, since with ten thousand topics a key made for the purpose was a tenth of a Produce's time.
// The log store owns it; recovery fills it.
import { assert } from '../base/assert.ts'
import type { PartitionLog } from './partition-log.ts'

export class PartitionLogs {
  readonly #byTopic = new Map<string, Map<number, PartitionLog>>()

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  add(log: PartitionLog): void {
    const ofTopic = this.#byTopic.get(log.topic) ?? new Map<number, PartitionLog>()
    assert(!ofTopic.has(log.partition), 'a partition is there once')
    ofTopic.set(log.partition, log)
    this.#byTopic.set(log.topic, ofTopic)
  }

  remove({ topic, partition }: PartitionLog): void {
    const ofTopic = this.#byTopic.get(topic)
    ofTopic?.delete(partition)
    if (ofTopic?.size === 0) this.#byTopic.delete(topic)
  }

  *[Symbol.iterator](): Iterator<PartitionLog> {
    for (const ofTopic of this.#byTopic.values()) yield* ofTopic.values()
  }
}
