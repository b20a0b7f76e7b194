// Every way in which the core can refuse, as one table. An error is a value on the way of a
// message, never an exception; each door maps the names to its protocol's codes, and a new name
// does not compile until every door has mapped it. `retriable` tells that the same request may
// succeed later.

interface ErrorKind {
  readonly retriable: boolean
  /** What to tell a person when nothing more specific is known. */
  readonly text: string
}

const kind = (text: string, retriable = false): ErrorKind => ({ text, retriable })

export const errors = {
  // Topics and partitions
  unknownTopic: kind('no such topic or partition', true),
  unknownTopicId: kind('no topic has this id', true),
  inconsistentTopicId: kind('the topic id belongs to another topic'),
  topicExists: kind('a topic of this name exists'),
  invalidTopicName: kind("a topic name may hold letters, digits, '.', '_' and '-', at most 249"),
  invalidPartitions: kind('the number of partitions is not valid'),
  invalidReplicationFactor: kind('the replication factor is larger than the number of nodes'),
  invalidReplicaAssignment: kind('the replica assignment is not valid'),
  invalidConfig: kind('the configuration is not valid'),
  internalTopic: kind('the topic belongs to the node; clients may only read it'),
  notLeader: kind('another node leads this partition', true),
  // Records
  corruptBatch: kind('the record batch does not match its checksum or its own lengths', true),
  invalidRecord: kind('the record batch holds a record that this topic does not accept'),
  messageTooLarge: kind('the record batch is larger than max.message.bytes'),
  invalidTimestamp: kind("a record's timestamp is outside the range that the topic accepts"),
  unsupportedCompression: kind('this compression type is not supported here'),
  invalidRequiredAcks: kind('acks may be -1, 0 or 1'),
  notEnoughReplicas: kind('fewer replicas are in sync than min.insync.replicas asks for', true),
  storageError: kind('the log of this partition cannot be read or written', true),
  offsetOutOfRange: kind('the offset is outside the log'),
  fencedLeaderEpoch: kind("the leader epoch is older than the partition's", true),
  unknownLeaderEpoch: kind("the leader epoch is newer than the partition's", true),
  offsetNotAvailable: kind('the high watermark has not caught up yet', true),
  // Producers
  outOfOrderSequence: kind('the sequence number does not follow the last one of this producer'),
  duplicateSequence: kind('this batch was appended before and its offset is forgotten'),
  invalidProducerEpoch: kind('a newer epoch of this producer is known'),
  unknownProducerId: kind('this producer id is not known'),
  invalidProducerIdMapping: kind('this producer id does not belong to the transactional id'),
  invalidTransactionState: kind('the producer is not in a state for this'),
  transactionsNotSupported: kind('transactions are not supported by this release'),
  // Groups
  coordinatorLoading: kind('the group is being loaded', true),
  coordinatorNotAvailable: kind('the coordinator is not available', true),
  notCoordinator: kind('another node coordinates this group', true),
  invalidGroupId: kind('the group id is not valid'),
  unknownMember: kind('the group does not know this member'),
  memberIdRequired: kind('join again with the member id that this answer carries'),
  illegalGeneration: kind("the generation is not the group's current one"),
  inconsistentGroupProtocol: kind("the member shares no protocol with the group's members"),
  invalidSessionTimeout: kind('the session timeout is outside the allowed range'),
  rebalanceInProgress: kind('the group is rebalancing, so a rejoin is needed'),
  groupFull: kind('the group has reached its largest size'),
  fencedInstance: kind('another member has taken this group instance id'),
  groupNotEmpty: kind('the group has members'),
  groupNotFound: kind('no such group'),
  groupSubscribed: kind('a member of the group is subscribed to the topic'),
  offsetMetadataTooLarge: kind('the metadata of the offset is too large'),
  // Requests
  invalidRequest: kind('the request is not valid'),
  unsupportedVersion: kind('this version of the request is not supported'),
  fetchSessionNotFound: kind('no such fetch session', true),
  invalidFetchSessionEpoch: kind('the fetch session epoch is not the expected one', true),
  requestTimedOut: kind('the request timed out', true),
  policyViolation: kind('a limit of this node forbids this'),
  resourceExhausted: kind('this node is at one of its limits', true),
  // Authentication
  illegalSaslState: kind('the connection is not in a state for this SASL request'),
  unsupportedSaslMechanism: kind('this SASL mechanism is not enabled'),
  authenticationFailed: kind('authentication failed'),
  clusterNotAuthorized: kind('this is not allowed here'),
  unknownServerError: kind('an error of this server'),
} as const satisfies Record<string, ErrorKind>

export type ErrorName = keyof typeof errors

/** A refusal with, where it helps, words that name the thing and the remedy. */
export interface Refusal {
  readonly error: ErrorName
  readonly message: string
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | ({ readonly ok: false } & Refusal)

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })

export const refuse = (
  error: ErrorName,
  message: string = errors[error].text,
): { ok: false } & Refusal => ({
  ok: false,
  error,
  message,
})
