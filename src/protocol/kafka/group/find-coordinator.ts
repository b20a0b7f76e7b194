// FindCoordinator, versions 0 to 6: who keeps a group (key type 0) or a transactional id (1). This
// node keeps all of them. Share groups (2) are not known: their answer is INVALID_REQUEST.
import type { Call } from '../call.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { answering } from '../handler.ts'
import { findCoordinator } from '../schema/find-coordinator.ts'

const keyListFrom = 4
const groupType = 0
const knownTypes = 1
const nobody = { nodeId: -1, host: '', port: -1 }

export const findCoordinatorHandler = answering(findCoordinator, (request, call) => {
  const { keyType } = request
  if (call.version < keyListFrom)
    return { throttleTimeMs: 0, ...coordinator(keyType, request.key, call) }
  const coordinators = request.coordinatorKeys.map((key) => ({
    key,
    ...coordinator(keyType, key, call),
  }))
  return { throttleTimeMs: 0, coordinators }
})

function coordinator(keyType: number, key: string, call: Call<never>) {
  const { advertised, broker } = call.door
  if (keyType < 0 || keyType > knownTypes) {
    const message = `coordinators of type ${keyType} are not known here`
    call.refused('invalidRequest', '', message)
    return { errorCode: errorCode('invalidRequest'), errorMessage: message, ...nobody }
  }
  const error = keyType === groupType ? broker.prepareGroup(key) : null
  if (error !== null) {
    call.refused(error, `group '${key}'`)
    return { errorCode: errorCode(error), errorMessage: errorMessage(error), ...nobody }
  }
  const { host, port } = advertised
  return { errorCode: 0, errorMessage: null, nodeId: broker.nodeId, host, port }
}
