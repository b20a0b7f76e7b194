// ApiVersions, versions 0 to 4: which APIs this door answers. Made from the list of handlers, so
// nothing is shown that is not answered; Produce alone is shown from version 0 (see
// schema/produce.ts). From version 3 on the client names its software; a name that is not one is
// INVALID_REQUEST. No features are shown as finalized: without transaction.version a client keeps
// away from transactions.
import { errorCodes } from './errors.ts'
import { answering } from './handler.ts'
import type { Api } from './schema/api.ts'
import { type ApiVersionsResponse, apiVersions } from './schema/api-versions.ts'

const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

const softwareNameRule = "may hold letters, digits, '-' and '.', the last two not at its ends"

const shown = (api: Api) => ({
  apiKey: api.key,
  minVersion: api.advertisedFrom,
  maxVersion: api.versions[1],
})

/** Tells a client that came with a newer ApiVersions which ones there are. */
export const unsupportedVersionAnswer = {
  errorCode: errorCodes.unsupportedVersion,
  apiKeys: [shown(apiVersions as unknown as Api)],
} satisfies Partial<ApiVersionsResponse>

export const apiVersionsHandler = answering(apiVersions, (request, call) => {
  const names = [request.clientSoftwareName, request.clientSoftwareVersion]
  const wrong = call.version >= 3 && names.find((name) => !softwareName.test(name))
  if (wrong !== undefined && wrong !== false) {
    call.refused(
      'invalidRequest',
      `the client's software name or version '${wrong}'`,
      softwareNameRule,
    )
    return { errorCode: errorCodes.invalidRequest, apiKeys: [] }
  }
  return { errorCode: 0, apiKeys: call.door.apis.map(shown), finalizedFeaturesEpoch: 0 }
})
