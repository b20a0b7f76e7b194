// The client of the Kafka port that behaves, and its records, which must not be lost.
import { fetch } from '../../../src/protocol/kafka/schema/fetch.ts'
import { Healthy } from './healthy-client.ts'
import { healthyTopic, recordText, valuesOf } from './healthy-records.ts'
import type { RawClient } from './raw-client.ts'

export const healthyClient = (port: number): Healthy =>
  new Healthy(new URL('./healthy-worker.js', import.meta.url), { port })

const fetchVersion = 11
const fetchBytes = 1 << 20

/** Reads the topic from the beginning; null, or which record is not as it was acknowledged. */
export async function lostRecord(client: RawClient, acked: number): Promise<string | null> {
  let next = 0
  while (next < acked) {
    const partition = { partition: 0, fetchOffset: BigInt(next), partitionMaxBytes: fetchBytes }
    const answer = await client.call(fetch, fetchVersion, {
      maxWaitMs: 1_000,
      minBytes: 1,
      maxBytes: fetchBytes,
      isolationLevel: 0,
      topics: [{ topic: healthyTopic, partitions: [partition] }],
    })
    const got = answer.responses[0]?.partitions[0]
    if (got?.errorCode !== 0) return `record ${next}: Fetch answers ${got?.errorCode}`
    const before = next
    for (const { offset, value } of valuesOf(got.records ?? new Uint8Array(0))) {
      if (offset < next) continue
      if (offset !== next || value !== recordText(next)) return `record ${next} is not there`
      next++
    }
    if (next === before) return `record ${next} of ${acked} is not there`
  }
  return null
}
