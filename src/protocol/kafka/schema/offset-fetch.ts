// Returns the offsets that a group stored. From version 8 on several groups at once.
import {
  array,
  between,
  boolean,
  int16,
  int32,
  int64,
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

export const OffsetFetchRequest = struct({
  groupId: until(7, string, ''),
  topics: until(
    7,
    nullable(array(struct({ name: string, partitionIndexes: array(int32) })), 2),
    [],
  ),
  groups: since(
    8,
    array(
      struct({
        groupId: string,
        memberId: since(9, nullable(string), null),
        memberEpoch: since(9, int32, -1),
        topics: nullable(
          array(
            struct({
              name: until(9, string, ''),
              topicId: since(10, uuid, nilUuid),
              partitionIndexes: array(int32),
            }),
          ),
        ),
      }),
    ),
    [],
  ),
  requireStable: since(7, boolean, false),
})
export type OffsetFetchRequest = Of<typeof OffsetFetchRequest>

export const OffsetFetchResponse = struct({
  throttleTimeMs: since(3, int32, 0),
  topics: until(
    7,
    array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: since(5, int32, -1),
            metadata: nullable(string),
            errorCode: int16,
          }),
        ),
      }),
    ),
    [],
  ),
  errorCode: between(2, 7, int16, 0),
  groups: since(
    8,
    array(
      struct({
        groupId: string,
        topics: array(
          struct({
            name: until(9, string, ''),
            topicId: since(10, uuid, nilUuid),
            partitions: array(
              struct({
                partitionIndex: int32,
                committedOffset: int64,
                committedLeaderEpoch: int32,
                metadata: nullable(string),
                errorCode: int16,
              }),
            ),
          }),
        ),
        errorCode: int16,
      }),
    ),
    [],
  ),
})
export type OffsetFetchResponse = Of<typeof OffsetFetchResponse>

export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 10],
  flexibleFrom: 6,
  request: OffsetFetchRequest,
  response: OffsetFetchResponse,
})
