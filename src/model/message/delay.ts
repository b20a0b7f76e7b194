// How long an exchange of type `x-delayed-message` keeps a message back: its header `x-delay`, in
// milliseconds, as any type of whole number or a string of digits. What is not positive, or nothing
// of the kind, goes at once; so a message that has waited carries what it waited with a minus sign.
import { type FieldTable, type FieldValue, integerOf, textOf } from './field.ts'
import type { MessageView } from './message.ts'
import { placeOf, property } from './properties.ts'

const header = 'x-delay'
/** About 49 days: the bound of the plugin whose syntax this is. */
export const delayMsMax = 0xffff_ffff

/** 0: at once. Infinity: longer than is possible. */
export function delayMsOf(message: MessageView): number {
  if (placeOf(message.properties, property.headers) < 0) return 0
  const field = message.headers.get(header)
  if (field === undefined) return 0
  const text = textOf(field)
  const ms = text === null ? integerOf(field) : /^\d{1,20}$/.test(text) ? Number(text) : null
  if (ms === null || ms <= 0) return 0
  return ms > delayMsMax ? Number.POSITIVE_INFINITY : ms
}

/** The headers of a message that has waited so long. */
export function withoutDelay(headers: FieldTable, delayMs: number): Map<string, FieldValue> {
  const field: FieldValue =
    delayMs <= 0x7fff_ffff ? { type: 'I', value: -delayMs } : { type: 'l', value: BigInt(-delayMs) }
  return new Map(headers).set(header, field)
}
