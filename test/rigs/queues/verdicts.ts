// What is wrong with one delivery, or with one message that leaves its queue. Pure; the watch asks.
import type { MessageView } from '../../../src/model/message/message.ts'
import { type Copy, keyOf } from './copies.ts'
import type { Dying } from './trace.ts'

/** What a delivery says besides the message. */
export interface Told {
  readonly id: number
  readonly redelivered: boolean
  readonly failures: number
}

/** Null: nothing. */
export function deliveryFault(copy: Copy, { redelivered, failures }: Told): string | null {
  const { past, deliveries } = copy
  if (copy.isStrange) return null
  if (past === null || deliveries > 0) {
    if (redelivered !== deliveries > 0)
      return `${copy}: redelivered is ${redelivered} at delivery ${deliveries + 1}`
    return failures === copy.failures ? null : `${copy}: ${failures} failures, not ${copy.failures}`
  }
  if (past.failures >= 0 && !redelivered) return `${copy}: it came back before, and forgot`
  if (copy.wasDelivered && !redelivered)
    return `${copy}: it was delivered before, and is called new`
  const least = Math.max(0, past.failures)
  const isRight = failures >= least && failures <= past.failuresMax
  return isRight ? null : `${copy}: ${failures} failures, not ${least} to ${past.failuresMax}`
}

/**
 * Of a copy that is back: one that its move made, and that was delivered before the crash; null:
 * none was.
 */
export function shownChild({ past, isStrange }: Copy): Copy | null {
  if (past === null || isStrange) return null
  const isShown = (child: Copy): boolean => child.deliveries > 0 && !child.isStrange
  return past.children.find(isShown) ?? null
}

/** Of why it leaves; null: nothing. */
export function reasonFault(
  { queue }: Copy,
  message: MessageView,
  reason: Dying['reason'],
): string | null {
  const { messageTtlMs, maxLength, maxLengthBytes, deadLetters, keepsDeadLetters } = queue.settings
  const none = Number.POSITIVE_INFINITY
  const what = `${keyOf(message)} dies in ${queue.name} of ${reason}`
  if (!deadLetters) return `${what}, and has nowhere to go`
  const isDeclared = {
    expired: messageTtlMs < none || message.expiration !== null,
    maxlen: Math.min(maxLength, maxLengthBytes) < none,
    delivery_limit: false,
    rejected: true,
  }[reason]
  // Some left while another policy held.
  const isLate = reason === 'delivery_limit' || keepsDeadLetters
  return isDeclared || (isLate && queue.reasons.has(reason)) ? null : `${what}: not declared`
}
