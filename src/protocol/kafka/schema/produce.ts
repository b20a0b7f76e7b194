// Appends record batches to partitions. Version 13 names topics by id. Versions 0 to 2 are shown
// but not answered: librdkafka before 2.11.1 takes a missing version 0 to mean that the broker
// cannot compress (KAFKA-18659).
import {
  array,
  bytes,
  int16,
  int32,
  int64,
  nilUuid,
  nullable,
  type Of,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const ProduceRequest = struct({
  transactionalId: nullable(string),
  acks: int16,
  timeoutMs: int32,
  topicData: array(
    struct({
      name: until(12, string, ''),
      topicId: since(13, uuid, nilUuid),
      partitionData: array(struct({ index: int32, records: nullable(bytes) })),
    }),
  ),
})
export type ProduceRequest = Of<typeof ProduceRequest>

export const ProduceResponse = struct({
  responses: array(
    struct({
      name: until(12, string, ''),
      topicId: since(13, uuid, nilUuid),
      partitionResponses: array(
        struct({
          index: int32,
          errorCode: int16,
          baseOffset: int64,
          logAppendTimeMs: int64,
          logStartOffset: since(5, int64, -1),
          recordErrors: since(
            8,
            array(struct({ batchIndex: int32, batchIndexErrorMessage: nullable(string) })),
            [],
          ),
          errorMessage: since(8, nullable(string), null),
          currentLeader: tagged(
            0,
            struct({ leaderId: int32, leaderEpoch: int32 }),
            { leaderId: -1, leaderEpoch: -1 },
            10,
          ),
        }),
      ),
    }),
  ),
  throttleTimeMs: int32,
  nodeEndpoints: tagged(
    0,
    array(struct({ nodeId: int32, host: string, port: int32, rack: nullable(string) })),
    [],
    10,
  ),
})
export type ProduceResponse = Of<typeof ProduceResponse>

export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  advertisedFrom: 0,
  flexibleFrom: 9,
  request: ProduceRequest,
  response: ProduceResponse,
})
