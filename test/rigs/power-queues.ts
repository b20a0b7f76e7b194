// Power cuts under clients of queues: `npm run rig:power:queues -- --cuts N --seed S`, as root.
import { powerCuts } from './real/power-cuts.ts'
import { queueWorkload } from './real/queue-workload.ts'

await powerCuts(queueWorkload)
