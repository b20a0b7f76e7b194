// Queues as clients append to them and read them who know of topics only: their logs, and what has
// to be asked before and told behind an append. Made by broker.ts for NodeLogs.
import type { PartitionLog } from '../log/partition-log.ts'
import type { Topic } from '../model/topic.ts'
import type { AppendedQueues } from './appends.ts'
import type { NodeMessaging } from './messaging/node-messaging.ts'

export class TopicQueues implements AppendedQueues {
  readonly #messaging: Pick<NodeMessaging, 'queues' | 'queueOf'>

  constructor(messaging: Pick<NodeMessaging, 'queues' | 'queueOf'>) {
    this.#messaging = messaging
  }

  /** Only when all that the queue took before lies in its log is the end of that certain. */
  beforeAppend(topic: Topic): 'ready' | 'heldUp' | 'full' {
    const { queues } = this.#messaging
    queues.flush(null)
    if (queues.isHeldUp(0)) return 'heldUp'
    return this.#messaging.queueOf(topic)?.queue.isFullFor(0) === true ? 'full' : 'ready'
  }

  logOf(topic: Topic): PartitionLog | undefined {
    return this.#messaging.queueOf(topic)?.queue.stock.lanes[0]?.log
  }

  afterAppend(topic: Topic): void {
    this.#messaging.queueOf(topic)?.queue.afterForeignAppend()
  }
}
