// A process of its own that produces until it is killed: `node load.js BOOTSTRAP LEDGER NAME SEED`.
// Several topics, acks=all, one idempotent producer and one plain one that never sends twice.
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { contentOf, keyOf, noteAcked, noteSent } from './ledger.ts'
import { partitions, topics } from './topics.ts'

const [bootstrap = '', ledger = '', name = '', seed = ''] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [bootstrap], clientId: name, logLevel: logLevel.NOTHING })
let batches = 0

const chance = new SimChance(Number(seed))
const below = (n: number): number => chance.int(n)

async function send(producer: Producer): Promise<void> {
  const batch = `${name}-${batches++}`
  const records = 1 + below(20)
  const partition = below(partitions)
  const topic = topics[below(topics.length)] ?? ''
  const messages = Array.from({ length: records }, (_, i) => {
    const key = keyOf(batch, i)
    return { key, value: contentOf(key), partition }
  })
  noteSent(ledger, batch, records)
  const [answer] = await producer.send({ topic, messages, acks: -1 })
  if (answer?.baseOffset === undefined) return
  noteAcked(ledger, batch, records, { topic, partition, offset: Number(answer.baseOffset) })
}

async function run(producer: Producer, inFlight: number): Promise<void> {
  await producer.connect()
  const worker = async (): Promise<void> => {
    for (;;) await send(producer)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
const plain = kafka.producer({ retry: { retries: 0 } })
// The broker dies under it; so does this process.
await Promise.all([run(idempotent, 1), run(plain, 4)]).catch(() => process.exit(0))
