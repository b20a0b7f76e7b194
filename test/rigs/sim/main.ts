// Runs seeds of the log's simulation: `npm run sim -- --seeds N --seed FIRST --workers N`.
import { runMain } from './run-main.ts'

await runMain('sim', new URL(import.meta.resolve('./seed-worker.js')))
