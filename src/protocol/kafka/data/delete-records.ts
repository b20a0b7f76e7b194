// DeleteRecords, versions 0 to 2: moves the start of a partition's log up to an offset, or with -1
// to the high watermark. The answer comes when that is durable.
import type { ErrorName } from '../../../model/errors.ts'
import { partitionId } from '../../../model/ids.ts'
import type { Topic } from '../../../model/topic.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import { deleteRecords } from '../schema/delete-topics.ts'
import { partitionProblem, refusalBefore, topicByName } from '../topic-lookup.ts'

export const deleteRecordsHandler = answering(deleteRecords, async (request, call) => ({
  throttleTimeMs: 0,
  topics: await inParts(request.topics, call.door.clock, async ({ name, partitions }) => {
    const topic = topicByName(call.door.broker.topics, name)
    const answers = await inParts(partitions, call.door.clock, ({ partitionIndex, offset }) =>
      answer(name, topic, partitionIndex, Number(offset), call),
    )
    return { name, partitions: answers }
  }),
}))

async function answer(
  name: string,
  topic: Topic | ErrorName,
  partitionIndex: number,
  before: number,
  call: Call<never>,
) {
  const refused = (error: ErrorName, message: string | null = null) => {
    call.refused(error, `topic '${name}', partition ${partitionIndex}`, message)
    return { partitionIndex, lowWatermark: -1, errorCode: errorCode(error) }
  }
  const { logs, rights } = call.door.broker
  const fault = partitionProblem(topic, partitionIndex)
  const problem = refusalBefore(fault, topic, 'configure', rights)
  if (problem !== null || typeof topic === 'string') return refused(problem ?? 'unknownTopic')
  if (topic.internal) return refused('internalTopic')
  const done = await logs.deleteRecords(topic, partitionId(partitionIndex), before)
  if (!done.ok) return refused(done.error, done.message)
  return { partitionIndex, lowWatermark: done.value.logStartOffset, errorCode: 0 }
}
