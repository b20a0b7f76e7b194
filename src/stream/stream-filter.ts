// Which messages a consumer of a stream wants, by the value that their publisher gave them. Exact,
// message by message, so that clients need not filter again.
import { ok, type Result, refuse } from '../model/errors.ts'
import { type FieldTable, type FieldValue, textOf } from '../model/message/field.ts'
import type { MessageView } from '../model/message/message.ts'

const valueHeader = 'x-stream-filter-value'
const valueHeaderBytes = Buffer.from(valueHeader)
/** A client that lists more wants all. */
const valuesMax = 1000

export class StreamFilter {
  readonly #values: ReadonlySet<string>
  readonly #takesUnfiltered: boolean

  constructor(values: readonly string[], takesUnfiltered: boolean) {
    this.#values = new Set(values)
    this.#takesUnfiltered = takesUnfiltered
  }

  matches(message: MessageView): boolean {
    const { buffer, byteOffset, length } = message.properties
    // Most messages have no such header, and then nothing is decoded.
    const isThere = Buffer.from(buffer, byteOffset, length).includes(valueHeaderBytes)
    const value = isThere ? message.headers.get(valueHeader) : undefined
    const text = textOf(value)
    return text === null ? this.#takesUnfiltered : this.#values.has(text)
  }
}

/** Null: all messages are wanted. */
export function parseFilter(wishes: FieldTable): Result<StreamFilter | null> {
  const wanted = wishes.get('x-stream-filter')
  if (wanted === undefined || wanted.type === 'V') return ok(null)
  const values = textsOf(wanted)
  if (values === null || values.length > valuesMax)
    return refuse(
      'preconditionFailed',
      `x-stream-filter is a string, or a list of up to ${valuesMax} of them`,
    )
  const unfiltered = wishes.get('x-stream-match-unfiltered')
  if (unfiltered !== undefined && unfiltered.type !== 't')
    return refuse('preconditionFailed', 'x-stream-match-unfiltered is true or false')
  return ok(new StreamFilter(values, unfiltered?.value === true))
}

function textsOf(value: FieldValue): string[] | null {
  const each = value.type === 'A' ? value.value : [value]
  const texts: string[] = []
  for (const one of each) {
    const text = textOf(one)
    if (text === null) return null
    texts.push(text)
  }
  return texts
}
