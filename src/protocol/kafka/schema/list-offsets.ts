// Looks up offsets by time or by meaning: -1 latest, -2 earliest, -3 largest timestamp, and so on.
// The asked timestamp is of full range, since a client may ask for any time at all.
// Beside it: where the records of a leader epoch end, so that a reader sees a truncated log.
import {
  array,
  int8,
  int16,
  int32,
  int64,
  int64Big,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const ListOffsetsRequest = struct({
  replicaId: int32,
  isolationLevel: since(2, int8, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          currentLeaderEpoch: since(4, int32, -1),
          timestamp: int64Big,
        }),
      ),
    }),
  ),
  timeoutMs: since(10, int32, 0),
})
export type ListOffsetsRequest = Of<typeof ListOffsetsRequest>

export const ListOffsetsResponse = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          errorCode: int16,
          timestamp: int64,
          offset: int64,
          leaderEpoch: since(4, int32, -1),
        }),
      ),
    }),
  ),
})
export type ListOffsetsResponse = Of<typeof ListOffsetsResponse>

export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 11],
  flexibleFrom: 6,
  request: ListOffsetsRequest,
  response: ListOffsetsResponse,
})

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
