// Every API of this room, for the composition root to open a door with.
import type { Handler } from '../handler.ts'
import { deleteRecordsHandler } from './delete-records.ts'
import { fetchHandler } from './fetch.ts'
import { initProducerIdHandler } from './init-producer-id.ts'
import { listOffsetsHandler } from './list-offsets.ts'
import { offsetForLeaderEpochHandler } from './offset-for-leader-epoch.ts'
import { produceHandler } from './produce.ts'

export const dataHandlers: readonly Handler[] = [
  produceHandler,
  fetchHandler,
  listOffsetsHandler,
  deleteRecordsHandler,
  initProducerIdHandler,
  offsetForLeaderEpochHandler,
]
