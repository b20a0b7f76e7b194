// Creates topics, and adds partitions to existing ones.
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  nilUuid,
  nullable,
  type Of,
  since,
  string,
  struct,
  tagged,
  uuid,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const CreateTopicsRequest = struct({
  topics: array(
    struct({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
      configs: array(struct({ name: string, value: nullable(string) })),
    }),
  ),
  timeoutMs: int32,
  validateOnly: boolean,
})
export type CreateTopicsRequest = Of<typeof CreateTopicsRequest>

export const CreateTopicsResponse = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: string,
      topicId: since(7, uuid, nilUuid),
      errorCode: int16,
      errorMessage: nullable(string),
      topicConfigErrorCode: tagged(0, int16, 0),
      numPartitions: since(5, int32, -1),
      replicationFactor: since(5, int16, -1),
      configs: since(
        5,
        nullable(
          array(
            struct({
              name: string,
              value: nullable(string),
              readOnly: boolean,
              configSource: int8,
              isSensitive: boolean,
            }),
          ),
        ),
        [],
      ),
    }),
  ),
})
export type CreateTopicsResponse = Of<typeof CreateTopicsResponse>

export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleFrom: 5,
  request: CreateTopicsRequest,
  response: CreateTopicsResponse,
})

export const CreatePartitionsRequest = struct({
  topics: array(
    struct({
      name: string,
      count: int32,
      assignments: nullable(array(struct({ brokerIds: array(int32) }))),
    }),
  ),
  timeoutMs: int32,
  validateOnly: boolean,
})
export type CreatePartitionsRequest = Of<typeof CreatePartitionsRequest>

export const CreatePartitionsResponse = struct({
  throttleTimeMs: int32,
  results: array(struct({ name: string, errorCode: int16, errorMessage: nullable(string) })),
})
export type CreatePartitionsResponse = Of<typeof CreatePartitionsResponse>

export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,
  request: CreatePartitionsRequest,
  response: CreatePartitionsResponse,
})
