// Runs seeds of the queues' simulation: `npm run sim:queues -- --seeds N --seed FIRST --workers N`.
import { runMain } from '../sim/run-main.ts'

await runMain('sim:queues', new URL(import.meta.resolve('./seed-worker.js')))
