// The vhost whose queues and streams are topics, so that Kafka's clients see them: the setting
// `polymq.kafka.vhost`, and the metadata key `/kafka-vhost` which tells whose the topics of a
// folder are (absent: those of `/`). Another vhost may be set while there are queues alone, which
// are listed anew; topics with records of their own belong to the vhost they were made in.
// Invariant behind a start: the topics of kind `queue` are the durable queues of that vhost.
// Called by broker.ts.
import type { Entities, StoredQueue } from '../metadata/entities/entities.ts'
import { encodeVhost, plainVhost, vhostKey } from '../metadata/entities/entity-keys.ts'
import type { Image } from '../metadata/image.ts'
import { queueTopicGone, queueTopicMade } from '../metadata/queue-topics.ts'
import type { MetadataStore } from '../metadata/store.ts'
import { decodeTable } from '../model/message/field-codec.ts'
import { nameFault } from '../security/access/name-fault.ts'
import { queueType, topicOfQueue } from './declarations/queue-arguments.ts'

const kafkaVhostKey = '/kafka-vhost'
/** That of every folder whose metadata tells none. */
const firstVhost = '/'
/** Names that a refusal tells. */
const namesTold = 3

export class KafkaVhostError extends Error {
  override readonly name = 'KafkaVhostError'
}

/**
 * Rejects with KafkaVhostError when the topics of the folder are those of another vhost than the
 * settings say. Writes nothing; what it resolves to makes the vhost and lists its queues, once
 * nothing else refuses the start, and resolves to the names of topics that are no more.
 */
export async function checkKafkaVhost(
  metadata: MetadataStore,
  image: Image,
  entities: Entities,
): Promise<() => Promise<readonly string[]>> {
  const vhost = image.settings.kafkaVhost
  const fault = nameFault('vhost', vhost)
  if (fault !== null) throw new KafkaVhostError(`polymq.kafka.vhost: ${fault.message}`)
  const before = (await metadata.get(kafkaVhostKey))?.value ?? firstVhost
  if (before !== vhost) refuseChange(before, vhost, image, entities)
  return async () => {
    if (before !== vhost) await metadata.txn({ put: [{ key: kafkaVhostKey, value: vhost }] })
    if (vhost !== firstVhost && !entities.vhosts.some(({ name }) => name === vhost))
      await metadata.txn({ put: [{ key: vhostKey(vhost), value: encodeVhost(plainVhost) }] })
    return listQueues(
      metadata,
      image,
      entities.queues.filter((queue) => queue.vhost === vhost),
    )
  }
}

function refuseChange(before: string, vhost: string, image: Image, { queues }: Entities): void {
  const topics = [...image.topics()].filter(({ kind, internal }) => kind === 'log' && !internal)
  const setBack = `set polymq.kafka.vhost=${before}`
  if (topics.length > 0)
    throw new KafkaVhostError(
      `polymq.kafka.vhost=${vhost}: the topics of this folder are those of the vhost '${before}' ` +
        `(${told(topics)}); ${setBack}, or delete these topics first`,
    )
  const streams = queues.filter((queue) => queue.vhost === vhost && isStream(queue))
  if (streams.length > 0)
    throw new KafkaVhostError(
      `polymq.kafka.vhost=${vhost}: streams that were made in that vhost cannot become topics ` +
        `(${told(streams)}); ${setBack}, or delete these streams first`,
    )
}

function told(things: readonly { readonly name: string }[]): string {
  const names = things.slice(0, namesTold).map(({ name }) => `'${name}'`)
  return (
    names.join(', ') + (things.length > namesTold ? ` and ${things.length - namesTold} more` : '')
  )
}

const isStream = ({ arguments: table }: StoredQueue): boolean =>
  queueType(decodeTable(table)) === 'stream'

const mayBeTopic = (queue: StoredQueue): boolean =>
  !isStream(queue) && topicOfQueue(decodeTable(queue.arguments)) === null

/** Also what a crash has left half done. */
async function listQueues(
  metadata: MetadataStore,
  image: Image,
  queues: readonly StoredQueue[],
): Promise<readonly string[]> {
  const ids = new Set(queues.map(({ topic }) => topic))
  const gone = [...image.topics()].filter(({ kind, id }) => kind === 'queue' && !ids.has(id))
  for (const { id } of gone) await metadata.txn({ delete: queueTopicGone(image, id).delete })
  for (const queue of queues) {
    if (image.topicById(queue.topic) !== null || !mayBeTopic(queue)) continue
    const { compare, put } = queueTopicMade(image, queue.name, queue.topic)
    if (put.length > 0) await metadata.txn({ compare, put })
  }
  return gone.map(({ name }) => name)
}
