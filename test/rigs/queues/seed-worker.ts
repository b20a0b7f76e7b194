// A thread that runs the seeds of the queues' simulation. Started by seed-pool.ts.
import { answerSeeds } from '../sim/answer-seeds.ts'
import { runSeed } from './run-seed.ts'

answerSeeds(runSeed)
