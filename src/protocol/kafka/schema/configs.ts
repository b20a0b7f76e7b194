// Reads and changes the configuration of topics and brokers.
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

export const DescribeConfigsRequest = struct({
  resources: array(
    struct({
      resourceType: int8,
      resourceName: string,
      configurationKeys: nullable(array(string)),
    }),
  ),
  includeSynonyms: boolean,
  includeDocumentation: since(3, boolean, false),
})
export type DescribeConfigsRequest = Of<typeof DescribeConfigsRequest>

export const DescribeConfigsResponse = struct({
  throttleTimeMs: int32,
  results: array(
    struct({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
      configs: array(
        struct({
          name: string,
          value: nullable(string),
          readOnly: boolean,
          configSource: int8,
          isSensitive: boolean,
          synonyms: array(struct({ name: string, value: nullable(string), source: int8 })),
          configType: since(3, int8, 0),
          documentation: since(3, nullable(string), ''),
        }),
      ),
    }),
  ),
})
export type DescribeConfigsResponse = Of<typeof DescribeConfigsResponse>

export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,
  request: DescribeConfigsRequest,
  response: DescribeConfigsResponse,
})

export const AlterConfigsRequest = struct({
  resources: array(
    struct({
      resourceType: int8,
      resourceName: string,
      configs: array(struct({ name: string, value: nullable(string) })),
    }),
  ),
  validateOnly: boolean,
})
export type AlterConfigsRequest = Of<typeof AlterConfigsRequest>

export const AlterConfigsResponse = struct({
  throttleTimeMs: int32,
  responses: array(
    struct({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
    }),
  ),
})
export type AlterConfigsResponse = Of<typeof AlterConfigsResponse>

export const alterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleFrom: 2,
  request: AlterConfigsRequest,
  response: AlterConfigsResponse,
})

export const IncrementalAlterConfigsRequest = struct({
  resources: array(
    struct({
      resourceType: int8,
      resourceName: string,
      configs: array(struct({ name: string, configOperation: int8, value: nullable(string) })),
    }),
  ),
  validateOnly: boolean,
})
export type IncrementalAlterConfigsRequest = Of<typeof IncrementalAlterConfigsRequest>

export const IncrementalAlterConfigsResponse = struct({
  throttleTimeMs: int32,
  responses: array(
    struct({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
    }),
  ),
})
export type IncrementalAlterConfigsResponse = Of<typeof IncrementalAlterConfigsResponse>

export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleFrom: 1,
  request: IncrementalAlterConfigsRequest,
  response: IncrementalAlterConfigsResponse,
})
