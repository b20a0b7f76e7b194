// Finds the topic that a request means: by name in older versions of an API, by id in newer ones.
import type { ClientRights, Right, Topics } from '../../broker/api.ts'
import type { ErrorName } from '../../model/errors.ts'
import { topicId } from '../../model/ids.ts'
import type { Topic } from '../../model/topic.ts'
import { queueNameOf } from '../../model/topic-name.ts'

/** The topic, or why there is none. */
export function topicByName(topics: Topics, name: string): Topic | ErrorName {
  return topics.named(name) ?? topics.absent(name)
}

export function topicById(topics: Topics, id: string): Topic | ErrorName {
  return topics.withId(topicId(id)) ?? 'unknownTopicId'
}

/** As a request names it: by a name, or else by an id, which is spelled as Kafka's tools do. */
export const topicWords = (name: string, id: string): string =>
  name === '' ? Buffer.from(id, 'hex').toString('base64url') : name

export const hasPartition = (topic: Topic, partition: number): boolean =>
  partition >= 0 && partition < topic.partitions.length

/** The error of asking this topic, if it is one, for this partition. */
export function partitionProblem(found: Topic | ErrorName, partition: number): ErrorName | null {
  if (typeof found === 'string') return found
  return hasPartition(found, partition) ? null : 'unknownTopic'
}

/**
 * The problem, or that the client lacks the right which this API takes: as in Kafka, who lacks it
 * is told that, and nothing about partitions or records. What has no problem is asked below.
 */
export function refusalBefore(
  problem: ErrorName | null,
  found: Topic | ErrorName,
  right: Right,
  rights: ClientRights,
): ErrorName | null {
  if (problem === null || typeof found === 'string') return problem
  return rights.of(queueNameOf(found.name))[right] ? problem : 'accessRefused'
}
