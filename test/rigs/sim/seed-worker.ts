// A thread that runs the seeds of the log's simulation. Started by seed-pool.ts.

import { answerSeeds } from './answer-seeds.ts'
import { runSeed } from './run-seed.ts'

answerSeeds(runSeed)
