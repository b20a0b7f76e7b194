// The streams of a node, with the offsets that it keeps for their consumers: opened behind the log,
// before anybody reads.
import type { Clock } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { Entities } from '../metadata/entities/entities.ts'
import type { Image } from '../metadata/image.ts'
import type { Topics } from '../metadata/topics.ts'
import { topicId } from '../model/ids.ts'
import { Streams } from '../stream/streams.ts'
import { trackedOffsetsTopic } from '../stream/tracked-record.ts'
import { InternalAppender } from './internal-appender.ts'
import { InternalTopic } from './internal-topic.ts'
import { trackedOffsetsLayout } from './internal-topics.ts'
import { readKeyed } from './read-keyed.ts'

export interface StreamsParts {
  readonly store: LogStore
  readonly clock: Clock
  readonly image: Image
  readonly operations: Topics
  report(line: string): void
}

/** `entities` says which streams there are besides those of the image. */
export async function openStreams(
  parts: StreamsParts,
  { queues }: Pick<Entities, 'queues'>,
): Promise<Streams> {
  const { store, clock, image, operations, report } = parts
  const layout = () => trackedOffsetsLayout(image.brokerValues)
  const topic = new InternalTopic(image, operations, trackedOffsetsTopic, layout)
  const appender = new InternalAppender(store, clock, 0, () => topic.get(), report)
  const streams = new Streams({ store, clock, appender, report })
  const { existing } = topic
  const log = existing === null ? undefined : store.get(existing.id, 0)
  if (log === undefined) return streams
  const { records, isWhole } = await readKeyed(store.reader, log)
  if (!isWhole || log.damagedFrom !== null)
    report(`${log.label} is damaged: consumers of streams with a name may read messages again`)
  streams.offsets.load(records)
  const own = new Set<string>(queues.map((queue) => queue.topic))
  streams.offsets.retain((id) => own.has(id) || image.topicById(topicId(id)) !== null)
  return streams
}
