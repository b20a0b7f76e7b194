// DeleteTopics, versions 1 to 6, from version 6 on by name or by id. Topics are deleted one after
// the other; each has its own answer.
import { type Result, refuse } from '../../../model/errors.ts'
import type { Topic } from '../../../model/topic.ts'
import { nilUuid } from '../../../wire/schema.ts'
import type { Call } from '../call.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import { repeated } from '../repeated.ts'
import { type DeleteTopicsRequest, deleteTopics } from '../schema/delete-topics.ts'
import { topicById, topicByName } from '../topic-lookup.ts'

type Asked = DeleteTopicsRequest['topics'][number]

const topicIdsFrom = 6

export const deleteTopicsHandler = answering(deleteTopics, async (request, call) => {
  const asked =
    call.version >= topicIdsFrom
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: nilUuid }))
  const { topics } = call.door.broker
  // Found before any is deleted, so that a name and the id of the same topic are seen to be one.
  const found = asked.map((each) => find(each, call))
  const twice = repeated(found.flatMap((each) => (each.ok ? [each.value.id] : [])))
  const responses = await inParts(found, call.door.clock, async (each, i) => {
    const isOnce = each.ok && !twice.has(each.value.id)
    const done = isOnce ? await topics.delete(each.value) : null
    return answer(asked[i], each, done, call)
  })
  return { throttleTimeMs: 0, responses }
})

function find({ name, topicId }: Asked, call: Call<never>): Result<Topic> {
  const isById = topicId !== nilUuid
  if (isById === (name !== null))
    return refuse('invalidRequest', 'a topic is deleted by its name or by its id')
  const { topics } = call.door.broker
  const topic = name === null ? topicById(topics, topicId) : topicByName(topics, name)
  if (typeof topic !== 'string') return { ok: true, value: topic }
  return refuse(topic, name === null ? `no topic has the id ${topicId}` : `no topic is '${name}'`)
}

/** `done` null: not even tried. */
function answer(
  asked: Asked | undefined,
  found: Result<Topic>,
  done: Result<null> | null,
  call: Call<never>,
) {
  const refusal = found.ok
    ? (done ?? refuse('invalidRequest', 'the request names the topic more than once'))
    : found
  if (!refusal.ok) call.refused(refusal.error, '', refusal.message)
  return {
    name: found.ok ? found.value.name : (asked?.name ?? null),
    topicId: found.ok ? found.value.id : (asked?.topicId ?? nilUuid),
    errorCode: refusal.ok ? 0 : errorCode(refusal.error),
    errorMessage: refusal.ok ? null : errorMessage(refusal.error, refusal.message),
  }
}
