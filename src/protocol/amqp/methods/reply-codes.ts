// The codes with which AMQP closes a channel or a connection (section 1.2 of its reference), and
// the core's errors as such codes: a name that the core gains does not compile until it has one
// here. Soft: the channel is closed; hard: the connection is.
import type { ErrorName } from '../../../model/errors.ts'

export interface Reply {
  readonly code: number
  readonly name: string
  readonly isHard: boolean
}

const soft = (code: number, name: string): Reply => ({ code, name, isHard: false })
const hard = (code: number, name: string): Reply => ({ code, name, isHard: true })

export const replies = {
  success: soft(200, 'OK'),
  contentTooLarge: soft(311, 'CONTENT_TOO_LARGE'),
  noRoute: soft(312, 'NO_ROUTE'),
  noConsumers: soft(313, 'NO_CONSUMERS'),
  accessRefused: soft(403, 'ACCESS_REFUSED'),
  notFound: soft(404, 'NOT_FOUND'),
  resourceLocked: soft(405, 'RESOURCE_LOCKED'),
  preconditionFailed: soft(406, 'PRECONDITION_FAILED'),
  connectionForced: hard(320, 'CONNECTION_FORCED'),
  invalidPath: hard(402, 'INVALID_PATH'),
  frameError: hard(501, 'FRAME_ERROR'),
  syntaxError: hard(502, 'SYNTAX_ERROR'),
  commandInvalid: hard(503, 'COMMAND_INVALID'),
  channelError: hard(504, 'CHANNEL_ERROR'),
  unexpectedFrame: hard(505, 'UNEXPECTED_FRAME'),
  resourceError: hard(506, 'RESOURCE_ERROR'),
  notAllowed: hard(530, 'NOT_ALLOWED'),
  notImplemented: hard(540, 'NOT_IMPLEMENTED'),
  internalError: hard(541, 'INTERNAL_ERROR'),
} as const

const {
  accessRefused,
  notFound,
  resourceLocked,
  preconditionFailed,
  resourceError,
  notAllowed,
  notImplemented,
  internalError,
} = replies

const errorReplies = {
  unknownTopic: notFound,
  unknownTopicId: notFound,
  inconsistentTopicId: preconditionFailed,
  topicExists: preconditionFailed,
  invalidTopicName: preconditionFailed,
  invalidPartitions: preconditionFailed,
  invalidReplicationFactor: preconditionFailed,
  invalidReplicaAssignment: preconditionFailed,
  noReassignmentInProgress: preconditionFailed,
  invalidConfig: preconditionFailed,
  internalTopic: accessRefused,
  notLeader: internalError,
  corruptBatch: internalError,
  invalidRecord: preconditionFailed,
  messageTooLarge: preconditionFailed,
  invalidTimestamp: preconditionFailed,
  unsupportedCompression: preconditionFailed,
  invalidRequiredAcks: preconditionFailed,
  notEnoughReplicas: resourceError,
  storageError: internalError,
  offsetOutOfRange: preconditionFailed,
  fencedLeaderEpoch: internalError,
  unknownLeaderEpoch: internalError,
  offsetNotAvailable: internalError,
  outOfOrderSequence: preconditionFailed,
  duplicateSequence: preconditionFailed,
  invalidProducerEpoch: preconditionFailed,
  unknownProducerId: preconditionFailed,
  invalidProducerIdMapping: preconditionFailed,
  invalidTransactionState: preconditionFailed,
  transactionsNotSupported: notImplemented,
  coordinatorLoading: internalError,
  coordinatorNotAvailable: internalError,
  groupMemoryUsedUp: resourceError,
  notCoordinator: internalError,
  invalidGroupId: preconditionFailed,
  unknownMember: preconditionFailed,
  memberIdRequired: preconditionFailed,
  illegalGeneration: preconditionFailed,
  inconsistentGroupProtocol: preconditionFailed,
  invalidSessionTimeout: preconditionFailed,
  rebalanceInProgress: internalError,
  groupFull: resourceError,
  fencedInstance: preconditionFailed,
  groupNotEmpty: preconditionFailed,
  groupNotFound: notFound,
  groupSubscribed: preconditionFailed,
  offsetMetadataTooLarge: preconditionFailed,
  invalidRequest: preconditionFailed,
  unsupportedVersion: notImplemented,
  fetchSessionNotFound: preconditionFailed,
  invalidFetchSessionEpoch: preconditionFailed,
  requestTimedOut: internalError,
  policyViolation: preconditionFailed,
  resourceExhausted: resourceError,
  vhostNotFound: notAllowed,
  exchangeNotFound: notFound,
  queueNotFound: notFound,
  preconditionFailed,
  resourceLocked,
  accessRefused,
  notAllowed,
  notSupported: notImplemented,
  illegalSaslState: accessRefused,
  unsupportedSaslMechanism: accessRefused,
  authenticationFailed: accessRefused,
  clusterNotAuthorized: accessRefused,
  groupNotAuthorized: accessRefused,
  unknownServerError: internalError,
} as const satisfies Record<ErrorName, Reply>

export const replyOf = (error: ErrorName): Reply => errorReplies[error]
