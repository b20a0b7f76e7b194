// Where the simulation looks over the shoulder of the queues: what comes into a queue, what leaves
// it as a dead letter, which queues come and go. The methods of the classes are wrapped once for
// the thread; one tracer at a time hears of them. It changes nothing.
import { HostedQueue } from '../../../src/broker/messaging/hosted-queue.ts'
import { VhostCore } from '../../../src/broker/messaging/vhost-core.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import { Queue } from '../../../src/queue/queue.ts'
import type { DeadLetterReason } from '../../../src/queue/queue-host.ts'

export interface Tracer {
  /** Each calls `go` once. */
  publishing(queue: Queue, message: MessageView, go: () => number): number
  dying(queue: string, message: MessageView, reason: DeadLetterReason, go: () => boolean): boolean
  foreignAppended(queue: Queue): void
  queueAdded(queue: HostedQueue): void
  queueRemoved(queue: HostedQueue): void
}

let tracer: Tracer | null = null

export function traceTo(to: Tracer | null): void {
  tracer = to
}

const { publish, afterForeignAppend } = Queue.prototype
const { deadLetter } = HostedQueue.prototype
const { addQueue, removeQueue } = VhostCore.prototype

Queue.prototype.publish = function traced(message) {
  const go = (): number => publish.call(this, message)
  return tracer === null ? go() : tracer.publishing(this, message, go)
}

Queue.prototype.afterForeignAppend = function traced() {
  tracer?.foreignAppended(this)
  afterForeignAppend.call(this)
}

HostedQueue.prototype.deadLetter = function traced(queue, message, reason, isSure) {
  const go = (): boolean => deadLetter.call(this, queue, message, reason, isSure)
  return tracer === null ? go() : tracer.dying(this.name, message, reason, go)
}

VhostCore.prototype.addQueue = function traced(queue) {
  tracer?.queueAdded(queue)
  addQueue.call(this, queue)
}

VhostCore.prototype.removeQueue = function traced(queue) {
  tracer?.queueRemoved(queue)
  return removeQueue.call(this, queue)
}
