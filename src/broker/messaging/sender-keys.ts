// Routing keys that the sender of a message has added: the headers CC and BCC, arrays whose strings
// count. A message without either costs a glance at its header names. BCC does not go with the
// message, nor back to the sender.

import { ok, type Result, refuse } from '../../model/errors.ts'
import type { FieldTable } from '../../model/message/field.ts'
import { textOf } from '../../model/message/field.ts'
import { MessageView } from '../../model/message/message.ts'
import {
  changeProperties,
  placeOf,
  property,
  tableProperty,
} from '../../model/message/properties.ts'

const none: readonly string[] = []
const noKeys: Result<readonly string[]> = ok(none)

/** Both, in order. Refused with `preconditionFailed` when one is not an array. */
export function senderKeys(message: MessageView): Result<readonly string[]> {
  if (!mayHaveKeys(message.properties)) return noKeys
  const { headers } = message
  const cc = keysIn(headers, 'CC')
  const bcc = keysIn(headers, 'BCC')
  if (cc === null || bcc === null)
    return refuse(
      'preconditionFailed',
      `invalid message: unacceptable type in header "${cc === null ? 'CC' : 'BCC'}"; it must be ` +
        'an array of strings',
    )
  return ok([...cc, ...bcc])
}

/** The strings in the header `name`; null: it is no array. */
export function keysIn(headers: FieldTable, name: 'CC' | 'BCC'): readonly string[] | null {
  const value = headers.get(name)
  if (value === undefined) return none
  if (value.type !== 'A') return null
  return value.value.map((each) => textOf(each)).filter((key) => key !== null)
}

/** The same without BCC. `message` itself when it has none. */
export function withoutHiddenKeys(message: MessageView): MessageView {
  if (!mayHaveKeys(message.properties) || !message.headers.has('BCC')) return message
  const headers = new Map(message.headers)
  headers.delete('BCC')
  const { exchange, routingKey, body } = message
  const properties = changeProperties(message.properties, [tableProperty(headers)])
  return new MessageView().set(exchange, routingKey, properties, body)
}

const b = 0x42
const c = 0x43

/**
 * Whether the bytes of a name and its type stand somewhere in the headers: 2 CC A, or 3 BCC A. It
 * may be in a value; to be sure costs decoding.
 */
function mayHaveKeys(properties: Uint8Array): boolean {
  const at = placeOf(properties, property.headers)
  if (at < 0) return false
  const length =
    ((properties[at] as number) << 24) |
    ((properties[at + 1] as number) << 16) |
    ((properties[at + 2] as number) << 8) |
    (properties[at + 3] as number)
  const end = at + 4 + length
  for (let i = at + 4; i < end - 2; i++) {
    if (properties[i + 1] === c && properties[i + 2] === c && properties[i] === 2) return true
    if (properties[i] === 3 && properties[i + 1] === b && properties[i + 2] === c) return true
  }
  return false
}
