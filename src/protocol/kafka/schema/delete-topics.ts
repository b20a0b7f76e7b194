// Deletes topics (from version 6 on also by id), or the oldest records of their partitions.
import {
  array,
  int16,
  int32,
  int64,
  int64Big,
  nilUuid,
  nullable,
  type Of,
  since,
  string,
  struct,
  until,
  uuid,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const DeleteTopicsRequest = struct({
  topics: since(6, array(struct({ name: nullable(string), topicId: uuid })), []),
  topicNames: until(5, array(string), []),
  timeoutMs: int32,
})
export type DeleteTopicsRequest = Of<typeof DeleteTopicsRequest>

export const DeleteTopicsResponse = struct({
  throttleTimeMs: int32,
  responses: array(
    struct({
      name: nullable(string, 6),
      topicId: since(6, uuid, nilUuid),
      errorCode: int16,
      errorMessage: since(5, nullable(string), null),
    }),
  ),
})
export type DeleteTopicsResponse = Of<typeof DeleteTopicsResponse>

export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleFrom: 4,
  request: DeleteTopicsRequest,
  response: DeleteTopicsResponse,
})

export const DeleteRecordsRequest = struct({
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partitionIndex: int32, offset: int64Big })),
    }),
  ),
  timeoutMs: int32,
})
export type DeleteRecordsRequest = Of<typeof DeleteRecordsRequest>

export const DeleteRecordsResponse = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 })),
    }),
  ),
})
export type DeleteRecordsResponse = Of<typeof DeleteRecordsResponse>

export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleFrom: 2,
  request: DeleteRecordsRequest,
  response: DeleteRecordsResponse,
})
