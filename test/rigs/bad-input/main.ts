// Bad input on the Kafka port: `npm run rig:bad -- [--short] [--seed N] [--fuzzed N] [--rows 1,9]`.
import { prepare, produceTo } from './ask.ts'
import { batchOf } from './batches.ts'
import { outcomeOf } from './case.ts'
import { healthyClient, lostRecord } from './healthy.ts'
import { healthyTopic } from './healthy-records.ts'
import { type ConnectOptions, RawClient } from './raw-client.ts'
import { Rig } from './rig.ts'
import { fuzzSockets } from './socket-fuzz.ts'
import { cases } from './table.ts'

type KafkaRig = Rig<RawClient, ConnectOptions>

/** Rows whose cases run once before anything is measured: they make what is then kept. */
const warmingRows: readonly number[] = [10, 15]
const playRow = async (rig: KafkaRig, row: number): Promise<void> => {
  for (const each of cases.filter((one) => one.row === row)) await rig.playSilently(each)
}

const greeted = async (port: number): Promise<RawClient> => (await RawClient.connect(port)).greet()

/**
 * What a node takes once and keeps: slabs of the journal, the memory of codecs, buffers for large
 * requests, compiled code, the heap's room.
 */
async function warmUp(rig: KafkaRig): Promise<void> {
  const { port } = rig.broker
  const client = await greeted(port)
  await prepare(client, { name: healthyTopic })
  await prepare(client, { name: 'topic-1', partitions: 2 })
  // Once around the journal, so that its slabs are resident.
  await prepare(client, { name: 'warm' })
  const megabyte = batchOf('w'.repeat(1_000_000))
  for (let i = 0; i < 120; i++) await produceTo(client, 'warm', megabyte)
  client.close()
  await fuzzSockets(port, 100, rig.random)
  for (const row of warmingRows) await playRow(rig, row)
}

await Rig.play<RawClient, ConnectOptions>({
  listen: ['kafka=127.0.0.1:0', 'metrics=127.0.0.1:0'],
  cases,
  words: { fuzzed: 'requests', acked: 'acknowledged records' },
  warmMbMax: 600,
  // The longest session of a group that the cases begin, and the time to notice its end.
  settleMs: { short: 2_000, full: 22_000 },
  connect: RawClient.connect,
  outcomeOf,
  fuzz: fuzzSockets,
  warmUp,
  // The same that came last before the first look at the memory.
  stir: (rig) => playRow(rig, warmingRows.at(-1) ?? 0),
  healthy: healthyClient,
  lost: async (port, acked) => {
    const client = await greeted(port)
    const lost = await lostRecord(client, acked)
    client.close()
    return lost
  },
})
