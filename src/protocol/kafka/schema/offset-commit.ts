// Stores the offsets up to which a group has worked.
import {
  array,
  int16,
  int32,
  int64Near,
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

export const OffsetCommitRequest = struct({
  groupId: string,
  generationIdOrMemberEpoch: int32,
  memberId: string,
  groupInstanceId: since(7, nullable(string), null),
  retentionTimeMs: until(4, int64Near, -1),
  topics: array(
    struct({
      name: until(9, string, ''),
      topicId: since(10, uuid, nilUuid),
      partitions: array(
        struct({
          partitionIndex: int32,
          committedOffset: int64Near,
          committedLeaderEpoch: since(6, int32, -1),
          committedMetadata: nullable(string),
        }),
      ),
    }),
  ),
})
export type OffsetCommitRequest = Of<typeof OffsetCommitRequest>

export const OffsetCommitResponse = struct({
  throttleTimeMs: since(3, int32, 0),
  topics: array(
    struct({
      name: until(9, string, ''),
      topicId: since(10, uuid, nilUuid),
      partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
    }),
  ),
})
export type OffsetCommitResponse = Of<typeof OffsetCommitResponse>

export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 10],
  flexibleFrom: 8,
  request: OffsetCommitRequest,
  response: OffsetCommitResponse,
})
