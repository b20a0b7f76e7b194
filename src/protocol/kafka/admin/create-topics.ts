// CreateTopics, versions 2 to 7, and CreatePartitions, versions 0 to 3. A topic named twice in one
// request is refused both times. From version 5 on the answer shows the topic as it became, with
// its whole configuration.
import type { NewTopic } from '../../../broker/api.ts'
import type { ConfigEntry } from '../../../model/config/describe-config.ts'
import { type Refusal, type Result, refuse } from '../../../model/errors.ts'
import { limits } from '../../../model/limits.ts'
import type { Topic } from '../../../model/topic.ts'
import type { Call } from '../call.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import { repeated } from '../repeated.ts'
import {
  type CreatePartitionsRequest,
  type CreateTopicsRequest,
  createPartitions,
  createTopics,
} from '../schema/create-topics.ts'
import { topicByName } from '../topic-lookup.ts'
import { sourceCodes } from './config-codes.ts'

type AskedTopic = CreateTopicsRequest['topics'][number]
type AskedGrowth = CreatePartitionsRequest['topics'][number]

export const createTopicsHandler = answering(createTopics, async (request, call) => {
  const twice = repeated(request.topics.map((topic) => topic.name))
  const tooMany = checkSum(request.topics.map(partitionsOf))
  const answer = async (asked: AskedTopic) => {
    const made = twice.has(asked.name)
      ? refuse('invalidRequest', `the request names the topic '${asked.name}' more than once`)
      : (tooMany ?? (await create(asked, request.validateOnly, call)))
    return made.ok ? created(made.value, call) : refused(asked.name, made, call)
  }
  return { throttleTimeMs: 0, topics: await inParts(request.topics, call.door.clock, answer) }
})

/** At least; the node's default may be more. */
const partitionsOf = ({ numPartitions, assignments }: AskedTopic): number =>
  Math.max(1, numPartitions, assignments.length)

/** As in Kafka, the bound of a request holds for all of its topics together. */
function checkSum(partitions: readonly number[]): ({ ok: false } & Refusal) | null {
  const sum = partitions.reduce((all, count) => all + count, 0)
  const most = limits.partitionsPerRequest
  if (sum <= most) return null
  return refuse('policyViolation', `${sum} partitions in one request; ${most} are allowed`)
}

async function create(
  asked: AskedTopic,
  validateOnly: boolean,
  call: Call<never>,
): Promise<Result<Topic>> {
  const { name, numPartitions, replicationFactor } = asked
  const isByHand = asked.assignments.length > 0
  if (isByHand && (numPartitions !== -1 || replicationFactor !== -1))
    return refuse(
      'invalidRequest',
      'with a replica assignment the numbers of partitions and replicas are both -1',
    )
  const assignments = new Map(
    asked.assignments.map(({ partitionIndex, brokerIds }) => [partitionIndex, brokerIds]),
  )
  if (assignments.size < asked.assignments.length)
    return refuse('invalidReplicaAssignment', 'a partition is assigned more than once')
  const [again] = repeated(asked.configs.map((config) => config.name))
  if (again !== undefined)
    return refuse('invalidConfig', `the configuration '${again}' is given more than once`)
  const topic: NewTopic = {
    name,
    partitions: numPartitions,
    replicationFactor,
    assignments: isByHand ? assignments : null,
    configs: asked.configs.map((config) => [config.name, config.value]),
  }
  return call.door.broker.topics.create(topic, validateOnly)
}

function created(topic: Topic, call: Call<never>) {
  const configs = call.door.broker.configs.describe({ kind: 'topic', topic })
  return {
    name: topic.name,
    topicId: topic.id,
    errorCode: 0,
    errorMessage: null,
    numPartitions: topic.partitions.length,
    replicationFactor: topic.partitions[0]?.replicas.length ?? -1,
    configs: configs.ok ? configs.value.map(shownConfig) : null,
    topicConfigErrorCode: configs.ok ? 0 : errorCode(configs.error),
  }
}

const shownConfig = (entry: ConfigEntry) => ({
  name: entry.name,
  value: entry.value,
  readOnly: entry.readOnly,
  configSource: sourceCodes[entry.source],
  isSensitive: entry.sensitive,
})

function refused(name: string, { error, message }: Refusal, call: Call<never>) {
  call.refused(error, '', message)
  return { name, errorCode: errorCode(error), errorMessage: errorMessage(error, message) }
}

export const createPartitionsHandler = answering(createPartitions, async (request, call) => {
  const twice = repeated(request.topics.map((topic) => topic.name))
  const tooMany = checkSum(request.topics.map(() => 1))
  const answer = async (asked: AskedGrowth) => {
    const grown = twice.has(asked.name)
      ? refuse('invalidRequest', `the request names the topic '${asked.name}' more than once`)
      : (tooMany ?? (await grow(asked, request.validateOnly, call)))
    return grown.ok
      ? { name: asked.name, errorCode: 0, errorMessage: null }
      : refused(asked.name, grown, call)
  }
  return { throttleTimeMs: 0, results: await inParts(request.topics, call.door.clock, answer) }
})

async function grow(
  asked: AskedGrowth,
  validateOnly: boolean,
  call: Call<never>,
): Promise<Result<null>> {
  const { topics } = call.door.broker
  const topic = topicByName(topics, asked.name)
  if (typeof topic === 'string') return refuse(topic, `there is no topic '${asked.name}'`)
  const assignments = asked.assignments?.map(({ brokerIds }) => brokerIds) ?? null
  return topics.addPartitions(topic, asked.count, assignments, validateOnly)
}
