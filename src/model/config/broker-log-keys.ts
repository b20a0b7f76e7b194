// Keys of the broker that give a topic's setting when the topic sets none. Most repeat a topic's
// key under another name, so they are derived from it; the coarser units of time stand beside them.
import { assert } from '../../base/assert.ts'
import type { BrokerKey, TopicKey } from './config-key.ts'
import { topicKeys } from './topic-keys.ts'

/** Keys that the broker can only be given at its start, as with Kafka. */
const readOnly = new Set([
  'log.flush.scheduler.interval.ms',
  'log.retention.minutes',
  'log.retention.hours',
  'log.roll.hours',
  'log.roll.jitter.hours',
])

/** The key `name` of the broker that stands for the topic's key `of`. */
function mirror(name: string, of: TopicKey): BrokerKey {
  const documentation = `For topics that do not set ${of.name}: ${of.documentation}`
  const { synonyms, ...shape } = of
  const key = { ...shape, name, documentation, dynamic: !readOnly.has(name) }
  // What a topic in memory holds is gone with the process: nobody should get one by default.
  if (name === 'polymq.flush') return { ...key, words: ['sync', 'async'] } as BrokerKey
  const coarser = synonyms.slice(1)
  if (name === synonyms[0] && coarser.length > 0)
    return { ...key, default: null, fallbacks: coarser }
  if (name.endsWith('.minutes')) return { ...key, type: 'int', default: null }
  if (name.endsWith('.hours')) return { ...key, type: 'int', default: hoursOf(of) }
  return key
}

function hoursOf(of: TopicKey): string {
  const hours = Number(of.default) / 3_600_000
  assert(Number.isInteger(hours), `${of.name} has a default in whole hours`)
  return String(hours)
}

/** Every synonym of a topic's key, except those that have an entry of their own elsewhere. */
export const brokerLogKeys: readonly BrokerKey[] = [...topicKeys.values()].flatMap((key) =>
  key.synonyms.map((name) => mirror(name, key)),
)

const oneCleaner = 'the work of compaction is paced by the broker itself'

export const cleanerKeys: readonly BrokerKey[] = [
  {
    name: 'log.cleaner.enable',
    type: 'boolean',
    default: 'true',
    dynamic: false,
    effect: 'works',
    documentation:
      'Run the log cleaner: without it no topic is compacted, whatever its cleanup.policy.',
  },
  {
    name: 'log.cleaner.threads',
    type: 'int',
    default: '1',
    min: 0,
    dynamic: true,
    effect: 'accepted',
    reason: oneCleaner,
    documentation: 'Threads of the log cleaner.',
  },
  {
    name: 'log.cleaner.backoff.ms',
    type: 'long',
    default: '15000',
    min: 0,
    dynamic: true,
    effect: 'works',
    documentation: 'Pause before looking again for logs to compact, when there were none.',
  },
  {
    name: 'log.cleaner.dedupe.buffer.size',
    type: 'long',
    default: '134217728',
    min: 1_048_576,
    dynamic: true,
    effect: 'works',
    documentation: 'Memory, in bytes, that compaction may use to remember keys.',
  },
  {
    name: 'log.cleaner.io.buffer.size',
    type: 'int',
    default: '524288',
    min: 0,
    dynamic: true,
    effect: 'accepted',
    reason: oneCleaner,
    documentation: 'Memory for the reads and writes of the log cleaner.',
  },
  {
    name: 'log.cleaner.io.buffer.load.factor',
    type: 'double',
    default: '0.9',
    dynamic: true,
    effect: 'accepted',
    reason: oneCleaner,
    documentation: 'How full the buffer of keys of the log cleaner may be.',
  },
  {
    name: 'log.cleaner.io.max.bytes.per.second',
    type: 'double',
    default: '1.7976931348623157E308',
    dynamic: true,
    effect: 'works',
    documentation: 'Reads and writes of compaction together are held below this rate.',
  },
  {
    name: 'log.retention.check.interval.ms',
    type: 'long',
    default: '300000',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'How often segments are checked against retention.ms and retention.bytes.',
  },
]
