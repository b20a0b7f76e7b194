// The thread that behaves well: it produces one record after the other with acks=all, consumes
// them, and counts. Record n has the offset n, since nobody else writes there; what it holds
// follows from n. Asked for a report, it tells what it saw since the last one.
import { parentPort, workerData } from 'node:worker_threads'
import { fetch } from '../../../src/protocol/kafka/schema/fetch.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { batchOf } from './batches.ts'
import type { Report } from './healthy-client.ts'
import { healthyTopic, recordText, valuesOf } from './healthy-records.ts'
import { RawClient } from './raw-client.ts'

const pauseMs = 5
const produceVersion = 9
const fetchVersion = 11

const { port } = workerData as { port: number }
let acked = 0
let consumed = 0
let isStopping = false
let problem: string | null = null
let gapMs = 0
let lastAckAt = performance.now()

const noteGap = (): void => {
  const now = performance.now()
  gapMs = Math.max(gapMs, now - lastAckAt)
  lastAckAt = now
}

async function produceAll(): Promise<void> {
  const client = await RawClient.connect(port, { clientId: 'healthy' })
  while (!isStopping) {
    const records = batchOf(recordText(acked))
    const answer = await client.call(produce, produceVersion, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: healthyTopic, partitionData: [{ index: 0, records }] }],
    })
    const done = answer.responses[0]?.partitionResponses[0]
    if (done?.errorCode !== 0) throw new Error(`produce answered ${done?.errorCode}`)
    if (done.baseOffset !== acked) throw new Error(`record ${acked} is at ${done.baseOffset}`)
    acked++
    noteGap()
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  client.close()
}

async function consumeAll(): Promise<void> {
  const client = await RawClient.connect(port, { clientId: 'healthy' })
  while (!isStopping || consumed < acked) {
    const partition = { partition: 0, fetchOffset: BigInt(consumed), partitionMaxBytes: 1 << 20 }
    const answer = await client.call(fetch, fetchVersion, {
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel: 0,
      topics: [{ topic: healthyTopic, partitions: [partition] }],
    })
    const got = answer.responses[0]?.partitions[0]
    if (got?.errorCode !== 0) throw new Error(`fetch answered ${got?.errorCode}`)
    for (const { offset, value } of valuesOf(got.records ?? new Uint8Array(0))) {
      if (offset < consumed) continue
      if (offset > consumed) throw new Error(`consumed ${offset} where ${consumed} was next`)
      if (value !== recordText(offset)) throw new Error(`record ${offset} has another content`)
      consumed++
    }
  }
  client.close()
}

function report(): Report {
  noteGap()
  const seen = { acked, consumed, gapMs, problem }
  gapMs = 0
  return seen
}

const working = Promise.all([produceAll(), consumeAll()]).catch((error: unknown) => {
  problem = error instanceof Error ? error.message : String(error)
})
parentPort?.on('message', async (word: 'report' | 'stop') => {
  if (word === 'stop') {
    isStopping = true
    await working
  }
  parentPort?.postMessage(report())
  if (word === 'stop') parentPort?.close()
})
