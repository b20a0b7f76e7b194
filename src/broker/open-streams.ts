// The streams of a node, with the offsets that it keeps for their consumers: opened behind the log,
// before anybody reads.
import type { Clock } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import { Streams } from '../stream/streams.ts'
import { InternalAppender } from './internal-appender.ts'
import type { InternalTopic } from './internal-topic.ts'
import { readKeyed } from './read-keyed.ts'

export interface StreamsParts {
  readonly store: LogStore
  readonly clock: Clock
  /** Of tracked offsets. */
  readonly topic: InternalTopic
  /** By its id. */
  isTopic(id: string): boolean
  report(line: string): void
}

export async function openStreams(parts: StreamsParts): Promise<Streams> {
  const { store, clock, topic, report } = parts
  const appender = new InternalAppender(store, clock, 0, () => topic.get(), report)
  const streams = new Streams({ store, clock, appender, report })
  const { existing } = topic
  const log = existing === null ? undefined : store.get(existing.id, 0)
  if (log === undefined) return streams
  const { records, isWhole } = await readKeyed(store.reader, log)
  if (!isWhole || log.damagedFrom !== null)
    report(`${log.label} is damaged: consumers of streams with a name may read messages again`)
  streams.offsets.load(records)
  streams.offsets.retain(parts.isTopic)
  return streams
}
