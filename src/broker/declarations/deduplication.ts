// What a queue or an exchange says in its arguments about messages that come twice, as LavinMQ and
// RabbitMQ's plugin have it: `x-message-deduplication`, `x-cache-size`, `x-cache-ttl`,
// `x-deduplication-header`. Pure.
import type { FieldTable } from '../../model/message/field.ts'
import { integerOf, textOf } from '../../model/message/field.ts'
import type { SeenKeysOptions } from '../../queue/memory/seen-keys.ts'

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
