// A client that behaves, beside those that do not: a worker thread, so that nothing the rig does
// holds it up. Its records are the ones that must not be lost.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { fetch } from '../../../src/protocol/kafka/schema/fetch.ts'
import { healthyTopic, type Report, recordText, valuesOf } from './healthy-records.ts'
import type { RawClient } from './raw-client.ts'

export class Healthy {
  private readonly worker: Worker

  /** `from`: how many records are in its topic already. */
  constructor(port: number, from = 0) {
    const script = new URL('./healthy-worker.js', import.meta.url)
    this.worker = new Worker(script, { workerData: { port, from } })
  }

  report(): Promise<Report> {
    return this.ask('report')
  }

  /** Ends when all that was acknowledged is consumed too. */
  async stop(): Promise<Report> {
    const exited = once(this.worker, 'exit')
    const report = await this.ask('stop')
    await exited
    return report
  }

  private async ask(word: 'report' | 'stop'): Promise<Report> {
    this.worker.postMessage(word)
    const [report] = (await once(this.worker, 'message')) as [Report]
    return report
  }
}

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
