// Names for numbers that must not be mixed up. Zero cost at run time: a brand exists only for the
// compiler.

declare const brand: unique symbol
type Brand<T, B extends string> = T & { readonly [brand]: B }

/** Logical place of a record in its partition, from 0. */
export type Offset = Brand<number, 'Offset'>
/** Byte place in a file. */
export type Position = Brand<number, 'Position'>
/** Byte place in the endless journal: file sequence × file size + position in the file. */
export type Lsn = Brand<number, 'Lsn'>
export type LeaderEpoch = Brand<number, 'LeaderEpoch'>
/** Index of a partition in its topic, from 0. */
export type PartitionId = Brand<number, 'PartitionId'>
export type NodeId = Brand<number, 'NodeId'>
/** Below 2^53, so that it fits a number. */
export type ProducerId = Brand<number, 'ProducerId'>
/** A UUID as 32 lowercase hexadecimal digits. */
export type TopicId = Brand<string, 'TopicId'>

export const offset = (n: number): Offset => n as Offset
export const position = (n: number): Position => n as Position
export const lsn = (n: number): Lsn => n as Lsn
export const leaderEpoch = (n: number): LeaderEpoch => n as LeaderEpoch
export const partitionId = (n: number): PartitionId => n as PartitionId
export const nodeId = (n: number): NodeId => n as NodeId
export const producerId = (n: number): ProducerId => n as ProducerId
export const topicId = (s: string): TopicId => s as TopicId

/** A topic id as 32 hexadecimal digits when unset. */
export const noTopicId = topicId('0'.repeat(32))
export const noOffset = offset(-1)
export const noLeaderEpoch = leaderEpoch(-1)
export const noProducerId = producerId(-1)
/** Of a producer that has an id and no epoch: its sequences need not follow, as in Kafka. */
export const noProducerEpoch = -1
