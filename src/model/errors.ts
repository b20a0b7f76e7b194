// Every way in which the core can refuse, as one table. An error is a value on the way of a
// message, never an exception; each door maps the names to its protocol's codes, and a new name
// does not compile until every door has mapped it. `retriable` tells that the same request may
// succeed later.

interface ErrorKind {
  readonly retriable: boolean
  /** What to tell a person when nothing more specific is known. */
  readonly text: string
  /** Somebody asked for what cannot be; false where it belongs to the course of a protocol. */
  readonly isMistake: boolean
}

const kind = (text: string, retriable = false): ErrorKind => ({ text, retriable, isMistake: false })
const mistake = (text: string, retriable = false): ErrorKind => ({
  text,
  retriable,
  isMistake: true,
})

export const errors = {
  // Topics and partitions
  unknownTopic: kind('no such topic or partition', true),
  unknownTopicId: kind('no topic has this id', true),
  inconsistentTopicId: kind('the topic id belongs to another topic'),
  topicExists: kind('a topic of this name exists'),
  invalidTopicName: mistake("a topic name may hold letters, digits, '.', '_' and '-', at most 249"),
  invalidPartitions: mistake('the number of partitions is not valid'),
  invalidReplicationFactor: mistake('the replication factor is larger than the number of nodes'),
  invalidReplicaAssignment: mistake('the replica assignment is not valid'),
  noReassignmentInProgress: kind('no partition is on its way to another node'),
  invalidConfig: mistake('the configuration is not valid'),
  internalTopic: mistake('the topic belongs to the node; clients may only read it'),
  notLeader: kind('another node leads this partition', true),
  // Records
  corruptBatch: mistake('the record batch does not match its checksum or its own lengths', true),
  invalidRecord: mistake('there are no records, or one that this topic does not accept'),
  messageTooLarge: mistake('the record batch is larger than max.message.bytes'),
  invalidTimestamp: mistake("a record's timestamp is outside the range that the topic accepts"),
  unsupportedCompression: mistake('this compression type is not supported here'),
  invalidRequiredAcks: mistake('acks may be -1, 0 or 1'),
  notEnoughReplicas: kind('fewer replicas are in sync than min.insync.replicas asks for', true),
  storageError: kind('the log of this partition cannot be read or written', true),
  offsetOutOfRange: kind('the offset is outside the log'),
  fencedLeaderEpoch: kind("the leader epoch is older than the partition's", true),
  unknownLeaderEpoch: kind("the leader epoch is newer than the partition's", true),
  offsetNotAvailable: kind('the high watermark has not caught up yet', true),
  // Producers
  outOfOrderSequence: mistake('the sequence number does not follow the last one of this producer'),
  duplicateSequence: kind('this batch was appended before and its offset is forgotten'),
  invalidProducerEpoch: kind('a newer epoch of this producer is known'),
  unknownProducerId: kind('this producer id is not known'),
  invalidProducerIdMapping: kind('this producer id does not belong to the transactional id'),
  invalidTransactionState: kind('the producer is not in a state for this'),
  transactionsNotSupported: mistake(
    'transactions are not supported by this release: leave the transactional id out',
  ),
  // Groups
  coordinatorLoading: kind('the group is being loaded', true),
  coordinatorNotAvailable: kind('the coordinator is not available', true),
  groupMemoryUsedUp: mistake(
    "this node's memory for groups is used up; raise polymq.group.memory.bytes",
    true,
  ),
  notCoordinator: kind('another node coordinates this group', true),
  invalidGroupId: mistake('the group id is empty or has more than 1,024 characters'),
  unknownMember: kind('the group does not know this member'),
  memberIdRequired: kind('join again with the member id that this answer carries'),
  illegalGeneration: kind("the generation is not the group's current one"),
  inconsistentGroupProtocol: mistake(
    "the member names no protocol, or none that all the group's members share",
  ),
  invalidSessionTimeout: mistake(
    'the session timeout is outside group.min.session.timeout.ms to group.max.session.timeout.ms',
  ),
  rebalanceInProgress: kind('the group is rebalancing, so a rejoin is needed'),
  groupFull: mistake('the group has as many members as group.max.size allows'),
  fencedInstance: kind('another member has taken this group instance id'),
  groupNotEmpty: kind('the group has members'),
  groupNotFound: kind('no such group'),
  groupSubscribed: kind('a member of the group is subscribed to the topic'),
  offsetMetadataTooLarge: mistake(
    'the metadata of the offset is larger than offset.metadata.max.bytes',
  ),
  // Requests
  invalidRequest: mistake('the request is not valid'),
  unsupportedVersion: mistake('this version of the request is not supported'),
  fetchSessionNotFound: kind('no such fetch session', true),
  invalidFetchSessionEpoch: kind('the fetch session epoch is not the expected one', true),
  requestTimedOut: kind('the request timed out', true),
  policyViolation: mistake('a limit of this node forbids this'),
  resourceExhausted: mistake('this node is at one of its limits', true),
  // Queues and exchanges
  vhostNotFound: mistake('there is no such vhost'),
  exchangeNotFound: mistake('there is no such exchange'),
  queueNotFound: mistake('there is no such queue'),
  /** It exists and is not as the request says, or is in use. */
  preconditionFailed: mistake('it is not as the request expects'),
  resourceLocked: mistake('it is exclusive to another connection'),
  accessRefused: mistake('this user may not do this'),
  notAllowed: mistake('this is not allowed here'),
  /** What this kind of thing does not do. */
  notSupported: mistake('this is not supported here'),
  // Authentication
  illegalSaslState: mistake('the connection is not in a state for this SASL request'),
  unsupportedSaslMechanism: mistake('this SASL mechanism is not enabled'),
  authenticationFailed: mistake('authentication failed'),
  clusterNotAuthorized: mistake('this is for administrators'),
  groupNotAuthorized: mistake('this user may not use this group'),
  unknownServerError: kind('an error of this server'),
} as const satisfies Record<string, ErrorKind>

export type ErrorName = keyof typeof errors

export const isMistake = (error: ErrorName): boolean => errors[error].isMistake

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
