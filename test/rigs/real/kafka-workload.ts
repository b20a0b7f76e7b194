// Producers of topics, for the rigs that kill a real broker.
import { fileURLToPath } from 'node:url'
import { startPolymq } from '../../../scripts/peers/polymq.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { createTopics, verify } from './verify.ts'
import type { Workload } from './workload.ts'

/** Quick groups. */
const settings = { 'group.initial.rebalance.delay.ms': '0' }

export const kafkaWorkload: Workload<Ledger> = {
  start: (dataDir) => startPolymq(dataDir, { settings }),
  prepare: ({ bootstrap }) => createTopics(bootstrap),
  loader: fileURLToPath(new URL('./load.js', import.meta.url)),
  address: ({ bootstrap }) => bootstrap,
  readLedger,
  acknowledged: ({ acked }) => acked.size,
  verify: ({ bootstrap }, required, allowed) => verify(bootstrap, required, allowed),
}
