// The topics of the metadata as streams of one vhost, whoever makes and deletes them. The broker
// tells it of each that comes, changes or goes, before anybody can ask for it.
import { type Refusal, type Result, refuse } from '../../model/errors.ts'
import type { Topic } from '../../model/topic.ts'
import { escapePrefix, queueNameOf } from '../../model/topic-name.ts'
import type { HostedStream } from './hosted-stream.ts'
import { plainStream } from './stream-changes.ts'
import type { VhostCore } from './vhost-core.ts'

export class SharedStreams {
  readonly #core: VhostCore

  constructor(core: VhostCore) {
    this.#core = core
  }

  made(topic: Topic): void {
    const core = this.#core
    const name = queueNameOf(topic.name)
    if (topic.kind !== 'log' || topic.internal || core.routing.queue(name) !== undefined) return
    const plain = { name, durable: true, autoDelete: false, topic: topic.id }
    core.addStream({ ...plain, arguments: plainStream }, topic, false)
  }

  changed(topic: Topic): void {
    const stream = this.#streamOf(topic)
    if (stream === null) return
    stream.topic = topic
    this.#core.streamChanged(stream)
  }

  gone(topic: Topic): void {
    const stream = this.#streamOf(topic)
    if (stream === null) return
    const { parts, lane, writes } = this.#core
    parts.streams.offsets.forget(topic.id)
    const keys = this.#core.removeStream(stream)
    lane.run(async () => writes.gone(await keys())).catch((cause: unknown) => parts.failed(cause))
  }

  #streamOf(topic: Topic): HostedStream | null {
    const stream = this.#core.streams.get(queueNameOf(topic.name))
    return stream?.topic.id === topic.id ? stream : null
  }

  /** For a topic that is to be made; see `QueueRoom`. */
  takePlace(name: string): Result<() => void> {
    return this.#core.queueRoom.take(name, 'create topic')
  }

  /** Why no topic may have this name: it would be that of something else. */
  nameFault(name: string): Refusal | null {
    if (name.startsWith(escapePrefix))
      return refuse(
        'invalidTopicName',
        `names that begin with ${escapePrefix} are those of queues that Kafka cannot spell`,
      )
    if (!this.#core.queues.has(name)) return null
    return refuse('topicExists', `'${name}' is the name of a queue`)
  }
}
