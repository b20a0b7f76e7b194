// Where the records of a leader epoch end, so that a reader can see that a log was truncated.
import { array, int16, int32, int64, type Of, since, string, struct } from '../../../wire/schema.ts'
import { api } from './api.ts'

export const OffsetForLeaderEpochRequest = struct({
  replicaId: since(3, int32, -2),
  topics: array(
    struct({
      topic: string,
      partitions: array(
        struct({ partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 }),
      ),
    }),
  ),
})
export type OffsetForLeaderEpochRequest = Of<typeof OffsetForLeaderEpochRequest>

export const OffsetForLeaderEpochResponse = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      topic: string,
      partitions: array(
        struct({ errorCode: int16, partition: int32, leaderEpoch: int32, endOffset: int64 }),
      ),
    }),
  ),
})
export type OffsetForLeaderEpochResponse = Of<typeof OffsetForLeaderEpochResponse>

export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleFrom: 4,
  request: OffsetForLeaderEpochRequest,
  response: OffsetForLeaderEpochResponse,
})
