// Brokers, topics, partitions and their leaders; the first thing a client asks for.
import {
  array,
  between,
  boolean,
  int16,
  int32,
  nilUuid,
  nullable,
  type Of,
  since,
  string,
  struct,
  uuid,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const MetadataRequest = struct({
  topics: nullable(
    array(struct({ topicId: since(10, uuid, nilUuid), name: nullable(string, 10) })),
    1,
  ),
  allowAutoTopicCreation: since(4, boolean, true),
  includeClusterAuthorizedOperations: between(8, 10, boolean, false),
  includeTopicAuthorizedOperations: since(8, boolean, false),
})
export type MetadataRequest = Of<typeof MetadataRequest>

export const MetadataResponse = struct({
  throttleTimeMs: since(3, int32, 0),
  brokers: array(
    struct({ nodeId: int32, host: string, port: int32, rack: since(1, nullable(string), null) }),
  ),
  clusterId: since(2, nullable(string), null),
  controllerId: since(1, int32, -1),
  topics: array(
    struct({
      errorCode: int16,
      name: nullable(string, 12),
      topicId: since(10, uuid, nilUuid),
      isInternal: since(1, boolean, false),
      partitions: array(
        struct({
          errorCode: int16,
          partitionIndex: int32,
          leaderId: int32,
          leaderEpoch: since(7, int32, -1),
          replicaNodes: array(int32),
          isrNodes: array(int32),
          offlineReplicas: since(5, array(int32), []),
        }),
      ),
      topicAuthorizedOperations: since(8, int32, -2147483648),
    }),
  ),
  clusterAuthorizedOperations: between(8, 10, int32, -2147483648),
  errorCode: since(13, int16, 0),
})
export type MetadataResponse = Of<typeof MetadataResponse>

export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexibleFrom: 9,
  request: MetadataRequest,
  response: MetadataResponse,
})
