// How a method of AMQP 0-9-1 is described: class, number and fields, in the order of the wire.
// Types and codecs follow from the description (method-codec.ts). Bits that stand next to each
// other share octets, the first in the lowest place (section 4.2.5.2).
import type { FieldTable } from '../../../model/message/field.ts'

interface Kinds {
  octet: number
  short: number
  long: number
  /** As the nearest number: tags stay far below 2^53. */
  longlong: number
  bit: boolean
  shortstr: string
  longstr: Uint8Array
  table: FieldTable
}

export type Kind = keyof Kinds

/** In the order of the wire. */
export type Fields = Readonly<Record<string, Kind>>

export type Values<F extends Fields> = { readonly [K in keyof F]: Kinds[F[K]] }

export interface Method<F extends Fields = Fields> {
  readonly name: string
  /** class << 16 | method, as the four octets stand at the start of a method frame. */
  readonly id: number
  readonly fields: F
}

export type Of<M> = M extends Method<infer F> ? Values<F> : never

export const method = <const F extends Fields>(
  classId: number,
  methodId: number,
  name: string,
  fields: F,
): Method<F> => ({ name, id: classId * 0x10000 + methodId, fields })

export const classOf = (id: number): number => id >>> 16
export const methodOf = (id: number): number => id & 0xffff
