// What a queue or an exchange says in its arguments about messages that come twice, as LavinMQ and
// RabbitMQ's plugin have it: `x-message-deduplication`, `x-cache-size`, `x-cache-ttl`,
// `x-deduplication-header`.
import type { FieldTable } from '../../model/message/field.ts'
import { integerOf, textOf } from '../../model/message/field.ts'
import type { MessageView } from '../../model/message/message.ts'
import type { SeenKeys, SeenKeysOptions } from '../../queue/memory/seen-keys.ts'
import { Published } from './api.ts'

export const cacheSizeMax = 1_000_000
const cacheSizeDefault = 128
const headerDefault = 'x-deduplication-header'

/** Null: it does not ask for it. The arguments were checked. */
export function deduplicationOf(table: FieldTable): SeenKeysOptions | null {
  const flag = table.get('x-message-deduplication')
  if (flag?.type !== 't' || !flag.value) return null
  return {
    header: textOf(table.get('x-deduplication-header')) ?? headerDefault,
    sizeMax: integerOf(table.get('x-cache-size')) ?? cacheSizeDefault,
    ttlMs: integerOf(table.get('x-cache-ttl')) ?? Number.POSITIVE_INFINITY,
  }
}

interface Place {
  publish(message: MessageView): number
}

/**
 * Publishes to a place that leaves out what comes again. That counts as stored: its confirm waits
 * until the first of them is durable, which may not be so yet.
 */
export function publishOnce(
  seen: SeenKeys,
  nowMs: number,
  message: MessageView,
  to: Place,
): number {
  if (seen.has(message, nowMs)) return Published.routed | Published.stored
  const flags = to.publish(message)
  const isTaken = flags > 0 && (flags & Published.rejected) === 0
  if (isTaken) seen.note(message, nowMs)
  return flags
}
