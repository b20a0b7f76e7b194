// The core's errors as Kafka's error codes. A name that the core gains does not compile until it
// has a code here. Codes: https://kafka.apache.org/42/design/protocol#protocol_error_codes.
import { type ErrorName, errors } from '../../model/errors.ts'

export const errorCodes = {
  unknownTopic: 3,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
  topicExists: 36,
  invalidTopicName: 17,
  invalidPartitions: 37,
  invalidReplicationFactor: 38,
  invalidReplicaAssignment: 39,
  invalidConfig: 40,
  noReassignmentInProgress: 85,
  internalTopic: 17,
  notLeader: 6,
  corruptBatch: 2,
  invalidRecord: 87,
  messageTooLarge: 10,
  invalidTimestamp: 32,
  unsupportedCompression: 76,
  invalidRequiredAcks: 21,
  notEnoughReplicas: 19,
  storageError: 56,
  offsetOutOfRange: 1,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  unknownProducerId: 59,
  invalidProducerIdMapping: 49,
  invalidTransactionState: 48,
  transactionsNotSupported: 53,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  groupMemoryUsedUp: 15,
  notCoordinator: 16,
  invalidGroupId: 24,
  unknownMember: 25,
  memberIdRequired: 79,
  illegalGeneration: 22,
  inconsistentGroupProtocol: 23,
  invalidSessionTimeout: 26,
  rebalanceInProgress: 27,
  groupFull: 81,
  fencedInstance: 82,
  groupNotEmpty: 68,
  groupNotFound: 69,
  groupSubscribed: 86,
  offsetMetadataTooLarge: 12,
  invalidRequest: 42,
  unsupportedVersion: 35,
  fetchSessionNotFound: 70,
  invalidFetchSessionEpoch: 71,
  requestTimedOut: 7,
  policyViolation: 44,
  resourceExhausted: 44,
  vhostNotFound: 3,
  exchangeNotFound: 3,
  queueNotFound: 3,
  preconditionFailed: 42,
  resourceLocked: 29,
  accessRefused: 29,
  notAllowed: 44,
  notSupported: 42,
  illegalSaslState: 34,
  unsupportedSaslMechanism: 33,
  authenticationFailed: 58,
  clusterNotAuthorized: 31,
  groupNotAuthorized: 30,
  unknownServerError: -1,
} satisfies Record<ErrorName, number>

/** Codes for what only this protocol knows. */
export const kafkaCodes = {
  securityDisabled: 54,
  fetchSessionTopicIdError: 106,
  mismatchedEndpointType: 114,
  unsupportedEndpointType: 115,
}

/** 0 for no error. */
export const errorCode = (error: ErrorName | null): number =>
  error === null ? 0 : errorCodes[error]

/** Words quote what the client sent, and that may be as long as the field that they go into. */
const wordsMax = 2000

/** Words for a protocol's message field: the given ones, or the error's own. Null for no error. */
export const errorMessage = (
  error: ErrorName | null,
  words: string | null = null,
): string | null => (error === null ? null : shortened(words ?? errors[error].text))

/** Long words without their middle: at the end stands what to do. */
export function shortened(words: string): string {
  if (words.length <= wordsMax) return words
  return `${words.slice(0, wordsMax / 2)}...${words.slice(-wordsMax / 2)}`
}
