// The brokers of the cluster, for administrators.
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  nullable,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const DescribeClusterRequest = struct({
  includeClusterAuthorizedOperations: boolean,
  endpointType: since(1, int8, 1),
  includeFencedBrokers: since(2, boolean, false),
})
export type DescribeClusterRequest = Of<typeof DescribeClusterRequest>

export const DescribeClusterResponse = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullable(string),
  endpointType: since(1, int8, 1),
  clusterId: string,
  controllerId: int32,
  brokers: array(
    struct({
      brokerId: int32,
      host: string,
      port: int32,
      rack: nullable(string),
      isFenced: since(2, boolean, false),
    }),
  ),
  clusterAuthorizedOperations: int32,
})
export type DescribeClusterResponse = Of<typeof DescribeClusterResponse>

export const describeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexibleFrom: 0,
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
})
