// Where the simulation looks over the shoulder of the queues: what comes into a queue or a stream,
// what leaves a queue as a dead letter, which queues and streams come and go, when policies change.
// The methods of the classes are wrapped once for the thread; one tracer at a time hears of them.
// It changes nothing.
import { HostedQueue } from '../../../src/broker/messaging/hosted-queue.ts'
import { HostedStream } from '../../../src/broker/messaging/hosted-stream.ts'
import { VhostCore } from '../../../src/broker/messaging/vhost-core.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import { Queue } from '../../../src/queue/queue.ts'
import type { DeadLetterReason } from '../../../src/queue/queue-host.ts'

export interface Dying {
  readonly from: HostedQueue
  readonly message: MessageView
  readonly reason: DeadLetterReason
  /** To all or to none. */
  readonly isSure: boolean
}

export interface Tracer {
  /** Each calls `go` once. */
  publishing(queue: Queue, message: MessageView, go: () => number): number
  appending(stream: HostedStream, message: MessageView, go: () => number): number
  dying(death: Dying, go: () => boolean): boolean
  policiesChanged(vhost: string, go: () => void): void
  foreignAppended(queue: Queue): void
  queueAdded(queue: HostedQueue, core: VhostCore): void
  queueRemoved(queue: HostedQueue): void
  streamAdded(stream: HostedStream, vhost: string): void
}

let tracer: Tracer | null = null

export function traceTo(to: Tracer | null): void {
  tracer = to
}

const { publish, afterForeignAppend } = Queue.prototype
const { deadLetter } = HostedQueue.prototype
const { publish: append } = HostedStream.prototype
const { addQueue, removeQueue, addStream, policiesChanged } = VhostCore.prototype

Queue.prototype.publish = function traced(message) {
  const go = (): number => publish.call(this, message)
  return tracer === null ? go() : tracer.publishing(this, message, go)
}

HostedStream.prototype.publish = function traced(message) {
  const go = (): number => append.call(this, message)
  return tracer === null ? go() : tracer.appending(this, message, go)
}

Queue.prototype.afterForeignAppend = function traced() {
  tracer?.foreignAppended(this)
  afterForeignAppend.call(this)
}

HostedQueue.prototype.deadLetter = function traced(queue, message, reason, isSure) {
  const go = (): boolean => deadLetter.call(this, queue, message, reason, isSure)
  return tracer === null ? go() : tracer.dying({ from: this, message, reason, isSure }, go)
}

VhostCore.prototype.addQueue = function traced(queue) {
  tracer?.queueAdded(queue, this)
  addQueue.call(this, queue)
}

VhostCore.prototype.removeQueue = function traced(queue) {
  tracer?.queueRemoved(queue)
  return removeQueue.call(this, queue)
}

VhostCore.prototype.addStream = function traced(definition, topic, isDeclared) {
  const stream = addStream.call(this, definition, topic, isDeclared)
  tracer?.streamAdded(stream, this.name)
  return stream
}

VhostCore.prototype.policiesChanged = function* traced() {
  const steps = policiesChanged.call(this)
  // Simulated time stands still, so that nobody would come between.
  if (tracer === null) yield* steps
  else tracer.policiesChanged(this.name, () => Array.from(steps))
}
