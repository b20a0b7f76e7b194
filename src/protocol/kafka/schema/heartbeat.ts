// How a member of a classic group stays in it, and how it leaves.
import {
  array,
  int16,
  int32,
  nullable,
  type Of,
  since,
  string,
  struct,
  until,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const HeartbeatRequest = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullable(string), null),
})
export type HeartbeatRequest = Of<typeof HeartbeatRequest>

export const HeartbeatResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
})
export type HeartbeatResponse = Of<typeof HeartbeatResponse>

export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleFrom: 4,
  request: HeartbeatRequest,
  response: HeartbeatResponse,
})

export const LeaveGroupRequest = struct({
  groupId: string,
  memberId: until(2, string, ''),
  members: since(
    3,
    array(
      struct({
        memberId: string,
        groupInstanceId: nullable(string),
        reason: since(5, nullable(string), null),
      }),
    ),
    [],
  ),
})
export type LeaveGroupRequest = Of<typeof LeaveGroupRequest>

export const LeaveGroupResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  members: since(
    3,
    array(struct({ memberId: string, groupInstanceId: nullable(string), errorCode: int16 })),
    [],
  ),
})
export type LeaveGroupResponse = Of<typeof LeaveGroupResponse>

export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: LeaveGroupRequest,
  response: LeaveGroupResponse,
})
