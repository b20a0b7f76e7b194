// kill -9 under clients of queues: `npm run rig:kill:queues -- --cycles N --seed S`.
import { killCycles } from './real/kill-cycles.ts'
import { queueWorkload } from './real/queue-workload.ts'

await killCycles(queueWorkload)
