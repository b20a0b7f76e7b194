// Tells a client which APIs and versions this broker speaks. A client's first request.
import {
  array,
  boolean,
  int16,
  int32,
  int64,
  type Of,
  since,
  string,
  struct,
  tagged,
} from '../../../wire/schema.ts'
import { api } from './api.ts'

export const ApiVersionsRequest = struct({
  clientSoftwareName: since(3, string, ''),
  clientSoftwareVersion: since(3, string, ''),
})
export type ApiVersionsRequest = Of<typeof ApiVersionsRequest>

export const ApiVersionsResponse = struct({
  errorCode: int16,
  apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
  throttleTimeMs: since(1, int32, 0),
  supportedFeatures: tagged(
    0,
    array(struct({ name: string, minVersion: int16, maxVersion: int16 })),
    [],
  ),
  finalizedFeaturesEpoch: tagged(1, int64, -1),
  finalizedFeatures: tagged(
    2,
    array(struct({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })),
    [],
  ),
  zkMigrationReady: tagged(3, boolean, false),
})
export type ApiVersionsResponse = Of<typeof ApiVersionsResponse>

export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexibleFrom: 3,
  request: ApiVersionsRequest,
  response: ApiVersionsResponse,
})
