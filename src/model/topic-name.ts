// What may be the name of a topic. Two names that differ only by '.' and '_' are taken for the same
// one, as with Kafka, because they meet in the names of metrics.
import { type Refusal, refuse } from './errors.ts'
import { limits } from './limits.ts'

/** Null when `name` is good, else `invalidTopicName` with words that say what is wrong. */
export function topicNameFault(name: string): Refusal | null {
  if (name === '') return refuse('invalidTopicName', 'the topic name is empty')
  if (name === '.' || name === '..')
    return refuse('invalidTopicName', `a topic cannot be named '${name}'`)
  if (name.length > limits.topicNameLength)
    return refuse(
      'invalidTopicName',
      `the topic name '${name.slice(0, 40)}...' has ${name.length} characters, ` +
        `${limits.topicNameLength} are allowed`,
    )
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return refuse(
      'invalidTopicName',
      `topic name '${name}' may hold letters, digits, '.', '_' and '-'`,
    )
  return null
}

/** The same for all names that count as one. */
export const collapsedName = (name: string): string => name.replaceAll('.', '_')

// ---- Names of queues ----------------------------------------------------------------------------

/**
 * Begins the name of a topic whose queue Kafka cannot spell: behind it letters and digits stand for
 * themselves, and every other byte of the name's UTF-8 is '-' and two hex digits. So no two queues
 * have one topic, names that count as one among them, and a topic's name tells its queue's.
 */
export const escapePrefix = '--'

/** What clients of Kafka take for a broker's own, as its offsets. */
const ownPrefix = '__'

const mayStand = (name: string): boolean =>
  topicNameFault(name) === null && !name.startsWith(ownPrefix) && !name.startsWith(escapePrefix)

/**
 * The topic of the queue `queue`: its own name where a topic may have it and `isTaken` does not say
 * otherwise, else its escape; null: that is longer than names of topics are.
 */
export function topicNameOf(queue: string, isTaken: (name: string) => boolean): string | null {
  if (mayStand(queue) && !isTaken(queue)) return queue
  const escaped = Buffer.from(queue)
    .toString('latin1')
    .replaceAll(/[^a-zA-Z0-9]/g, (byte) => `-${Buffer.from(byte, 'latin1').toString('hex')}`)
  const name = escapePrefix + escaped
  return name.length > limits.topicNameLength ? null : name
}

/** The queue of a topic; for most, and for topics that no queue has named, the same. */
export function queueNameOf(topic: string): string {
  if (!/^--(?:[a-zA-Z0-9]|-[0-9a-f]{2})*$/.test(topic)) return topic
  const bytes = topic
    .slice(escapePrefix.length)
    .replaceAll(/-(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
