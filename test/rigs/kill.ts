// kill -9 under producers of topics: `npm run rig:kill -- --cycles N --seed S`.
import { kafkaWorkload } from './real/kafka-workload.ts'
import { killCycles } from './real/kill-cycles.ts'

await killCycles(kafkaWorkload)
