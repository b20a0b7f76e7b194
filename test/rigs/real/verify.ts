// Reads all topics of a broker from the beginning and holds them against a ledger: each
// acknowledged record is there once, at its offset, with its content, and nothing is there that was
// never sent.
import { Kafka, logLevel } from 'kafkajs'
import { type Acknowledged, contentOf, type Ledger } from './ledger.ts'
import { partitions, topics } from './topics.ts'

interface Found extends Acknowledged {
  readonly value: string
}

export const kafkaAt = (bootstrap: string): Kafka =>
  new Kafka({ brokers: [bootstrap], clientId: 'verify', logLevel: logLevel.NOTHING })

export async function createTopics(bootstrap: string): Promise<void> {
  const admin = kafkaAt(bootstrap).admin()
  await admin.connect()
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: partitions })),
  })
  await admin.disconnect()
}

/**
 * `required`: acknowledged before the crash. `allowed`: all that was sent, the last moment
 * included.
 */
export async function verify(
  bootstrap: string,
  required: Ledger,
  allowed: Ledger,
): Promise<string[]> {
  const { found, wrong } = await readAll(bootstrap)
  for (const [key, { value }] of found) {
    if (!allowed.sent.has(key)) wrong.push(`${key} was never sent`)
    if (value !== contentOf(key)) wrong.push(`${key} has another content`)
  }
  for (const [key, at] of required.acked) {
    const there = found.get(key)
    const where = `${at.topic}-${at.partition} offset ${at.offset}`
    if (there === undefined) wrong.push(`${key} of ${where} is lost`)
    else if (there.offset !== at.offset || there.partition !== at.partition)
      wrong.push(`${key} of ${where} is at ${there.partition} offset ${there.offset}`)
  }
  return wrong
}

async function readAll(bootstrap: string): Promise<{ found: Map<string, Found>; wrong: string[] }> {
  const kafka = kafkaAt(bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  const left = new Map<string, number>()
  for (const topic of topics)
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      if (Number(high) > 0) left.set(`${topic}-${partition}`, Number(high))
  await admin.disconnect()
  const found = new Map<string, Found>()
  const wrong: string[] = []
  if (left.size === 0) return { found, wrong }
  const consumer = kafka.consumer({ groupId: `verify-${process.pid}-${performance.now()}` })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`unread: ${[...left.keys()]}`)), 60_000)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          for (const { key, value, offset } of batch.messages) {
            const name = String(key)
            const at = { topic: batch.topic, partition: batch.partition, offset: Number(offset) }
            if (found.has(name)) wrong.push(`${name} is there twice`)
            found.set(name, { ...at, value: String(value) })
          }
          const id = `${batch.topic}-${batch.partition}`
          if (Number(batch.lastOffset()) + 1 >= (left.get(id) ?? 0)) left.delete(id)
          if (left.size === 0) done()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return { found, wrong }
}
