// Typed values as messages and arguments carry them: the field table of AMQP 0-9-1 (section
// 4.2.5.5, with RabbitMQ's reading of the type letters), which is the richest of the protocols we
// speak, so that nothing is lost between them. The letter is kept: what came as a short string goes
// out as one.

export type FieldValue =
  | { readonly type: 't'; readonly value: boolean }
  /** b int8, B uint8, s int16, u uint16, I int32, i uint32, f float, d double */
  | { readonly type: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd'; readonly value: number }
  /** l and L int64, T seconds since 1970 as uint64 */
  | { readonly type: 'l' | 'L' | 'T'; readonly value: bigint }
  /** Scaled by 10 to the power of `scale`. */
  | { readonly type: 'D'; readonly scale: number; readonly value: number }
  /** S: a string of bytes, UTF-8 by custom; x: bytes. */
  | { readonly type: 'S' | 'x'; readonly value: Uint8Array }
  | { readonly type: 'A'; readonly value: readonly FieldValue[] }
  | { readonly type: 'F'; readonly value: FieldTable }
  | { readonly type: 'V' }

/** Names are unique; the order is that of the wire. */
export type FieldTable = ReadonlyMap<string, FieldValue>

export const noFields: FieldTable = new Map()

/** A string as a field. */
export const textField = (text: string): FieldValue => ({
  type: 'S',
  value: Buffer.from(text, 'utf8'),
})

/** The text of a string, or null for any other value. */
export const textOf = (value: FieldValue | undefined): string | null =>
  value?.type === 'S' ? Buffer.from(value.value).toString('utf8') : null

/** Any whole number, however wide it was sent; null for any other value. */
export function integerOf(value: FieldValue | undefined): number | null {
  switch (value?.type) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
      return value.value
    case 'l':
    case 'L':
      return Number(value.value)
    default:
      return null
  }
}
