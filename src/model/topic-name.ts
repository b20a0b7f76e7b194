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
