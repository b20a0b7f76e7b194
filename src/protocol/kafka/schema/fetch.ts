// Reads record batches from partitions; waits for more. Version 13 names topics by id.
// High watermarks of followers use the full range of 64 bits (2^63 - 1 stands for unknown).
import {
  array,
  int8,
  int16,
  int32,
  int64,
  int64Big,
  int64Near,
  nilUuid,
  nullable,
  type Of,
  pieces,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const FetchRequest = struct({
  clusterId: tagged(0, nullable(string), null),
  replicaId: until(14, int32, -1),
  replicaState: tagged(
    1,
    struct({ replicaId: int32, replicaEpoch: int64Near }),
    { replicaId: -1, replicaEpoch: -1 },
    15,
  ),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: since(7, int32, 0),
  sessionEpoch: since(7, int32, -1),
  topics: array(
    struct({
      topic: until(12, string, ''),
      topicId: since(13, uuid, nilUuid),
      partitions: array(
        struct({
          partition: int32,
          currentLeaderEpoch: since(9, int32, -1),
          // Clients may ask for the end of all time, which no log has.
          fetchOffset: int64Big,
          lastFetchedEpoch: since(12, int32, -1),
          logStartOffset: since(5, int64Near, -1),
          partitionMaxBytes: int32,
          replicaDirectoryId: tagged(0, uuid, nilUuid, 17),
          highWatermark: tagged(1, int64Big, 2n ** 63n - 1n, 18),
        }),
      ),
    }),
  ),
  forgottenTopicsData: since(
    7,
    array(
      struct({
        topic: until(12, string, ''),
        topicId: since(13, uuid, nilUuid),
        partitions: array(int32),
      }),
    ),
    [],
  ),
  rackId: since(11, string, ''),
})
export type FetchRequest = Of<typeof FetchRequest>

export const FetchResponse = struct({
  throttleTimeMs: int32,
  errorCode: since(7, int16, 0),
  sessionId: since(7, int32, 0),
  responses: array(
    struct({
      topic: until(12, string, ''),
      topicId: since(13, uuid, nilUuid),
      partitions: array(
        struct({
          partitionIndex: int32,
          errorCode: int16,
          highWatermark: int64,
          lastStableOffset: int64,
          logStartOffset: since(5, int64, -1),
          divergingEpoch: tagged(0, struct({ epoch: int32, endOffset: int64 }), {
            epoch: -1,
            endOffset: -1,
          }),
          currentLeader: tagged(1, struct({ leaderId: int32, leaderEpoch: int32 }), {
            leaderId: -1,
            leaderEpoch: -1,
          }),
          snapshotId: tagged(2, struct({ endOffset: int64, epoch: int32 }), {
            endOffset: -1,
            epoch: -1,
          }),
          abortedTransactions: nullable(array(struct({ producerId: int64, firstOffset: int64 }))),
          preferredReadReplica: since(11, int32, -1),
          records: nullable(pieces),
        }),
      ),
    }),
  ),
  nodeEndpoints: tagged(
    0,
    array(struct({ nodeId: int32, host: string, port: int32, rack: nullable(string) })),
    [],
    16,
  ),
})
export type FetchResponse = Of<typeof FetchResponse>

export const fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  flexibleFrom: 12,
  request: FetchRequest,
  response: FetchResponse,
})
