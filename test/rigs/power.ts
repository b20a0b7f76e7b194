// Power cuts under producers of topics: `npm run rig:power -- --cuts N --seed S`, as root.
import { kafkaWorkload } from './real/kafka-workload.ts'
import { powerCuts } from './real/power-cuts.ts'

await powerCuts(kafkaWorkload)
