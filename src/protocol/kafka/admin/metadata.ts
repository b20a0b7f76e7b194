// Metadata, versions 0 to 13: this node, and topics with their partitions. Topics that are not
// there are made, if the client allows it and the node does; the answer then shows the new topic at
// once, where Kafka first says LEADER_NOT_AVAILABLE. From version 12 on topics can be asked for by
// id.
import type { ErrorName } from '../../../model/errors.ts'
import type { Topic } from '../../../model/topic.ts'
import { queueNameOf } from '../../../model/topic-name.ts'
import { type Draft, nilUuid } from '../../../wire/schema.ts'
import { clusterOperations, notAsked, topicOperations } from '../authorized-operations.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import { type MetadataRequest, type MetadataResponse, metadata } from '../schema/metadata.ts'
import { topicById } from '../topic-lookup.ts'

type Response = Draft<typeof MetadataResponse>
type TopicResponse = Response['topics'][number]
type AskedTopic = NonNullable<MetadataRequest['topics']>[number]

const topicIdsFrom = 12
const nullableNameFrom = 12

export const metadataHandler = answering(metadata, async (request, call) => {
  const { broker, advertised } = call.door
  const operations = ({ name }: Topic): number =>
    request.includeTopicAuthorizedOperations
      ? topicOperations(broker.rights.of(queueNameOf(name)))
      : notAsked
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: broker.nodeId, ...advertised, rack: broker.rack }],
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    topics: await topicsOf(request, call, operations),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? clusterOperations(broker.rights)
      : notAsked,
  }
})

async function topicsOf(
  request: MetadataRequest,
  call: Call<Response>,
  operations: (topic: Topic) => number,
): Promise<TopicResponse[]> {
  const { topics } = call.door.broker
  // In version 0 an empty list asks for all, as null does later.
  const isAll = request.topics === null || (call.version === 0 && request.topics.length === 0)
  if (isAll) return Array.from(topics.all(), (topic) => known(topic, operations(topic)))
  const once = new Map(
    (request.topics ?? []).map((asked) => [`${asked.topicId} ${asked.name}`, asked]),
  )
  const mayCreate = request.allowAutoTopicCreation
  return inParts([...once.values()], call.door.clock, (asked) =>
    answer(asked, mayCreate, call, operations),
  )
}

async function answer(
  asked: AskedTopic,
  mayCreate: boolean,
  call: Call<Response>,
  operations: (topic: Topic) => number,
): Promise<TopicResponse> {
  const { topics } = call.door.broker
  const isById = asked.topicId !== nilUuid
  if (isById && call.version < topicIdsFrom) return unknown(asked, 'invalidRequest', call.version)
  if (isById) {
    const found = topicById(topics, asked.topicId)
    return typeof found === 'string'
      ? unknown({ ...asked, name: null }, found, call.version)
      : known(found, operations(found))
  }
  if (asked.name === null) return unknown(asked, 'invalidRequest', call.version)
  const found = topics.named(asked.name)
  if (found !== null) return known(found, operations(found))
  const made = await topics.createOnDemand(asked.name, !mayCreate)
  if (made.ok) return known(made.value, operations(made.value))
  call.refused(made.error, '', made.message)
  return unknown(asked, made.error, call.version)
}

const unknown = (asked: AskedTopic, error: ErrorName, version: number): TopicResponse => ({
  errorCode: errorCode(error),
  name: version < nullableNameFrom ? (asked.name ?? '') : asked.name,
  topicId: asked.topicId,
  isInternal: false,
  partitions: [],
})

const known = (topic: Topic, topicAuthorizedOperations: number): TopicResponse => ({
  errorCode: 0,
  name: topic.name,
  topicId: topic.id,
  isInternal: topic.internal,
  partitions: topic.partitions.map((partition, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
  })),
  topicAuthorizedOperations,
})
