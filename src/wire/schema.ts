// The layout of messages as plain data, with the TypeScript type of what they hold inferred from
// it: `Of<typeof X>` is what reading gives, `Draft<typeof X>` what writing takes. One schema covers
// all versions of a message. It is compiled (compiler.ts) or interpreted (interpreter.ts).

declare const shape: unique symbol

/** Carries the types of a node; nothing exists of it at run time. */
interface Typed<R, D> {
  readonly [shape]?: { readonly read: R; readonly draft: D }
}

export type ScalarKind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'int64Near'
  | 'int64Big'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'string16'
  | 'bytes'

export interface Scalar<R = unknown, D = R> extends Typed<R, D> {
  readonly kind: ScalarKind
}

export interface ArrayNode<R = unknown, D = unknown> extends Typed<readonly R[], readonly D[]> {
  readonly kind: 'array'
  readonly of: Node
}

/** A value that may be null from version `since` on. */
export interface Nullable<R = unknown, D = unknown> extends Typed<R | null, D | null> {
  readonly kind: 'nullable'
  readonly of: Node
  readonly since: number
}

export interface Struct<R = unknown, D = unknown> extends Typed<R, D> {
  readonly kind: 'struct'
  readonly fields: Fields
}

export type Node = Scalar | ArrayNode | Nullable | Struct

/** A node that only the versions from `first` to `last` hold; the others read as `otherwise`. */
export interface Field<N extends Node = Node> {
  readonly kind: 'field'
  readonly node: N
  readonly first: number
  readonly last: number
  /**
   * Its number among the tagged fields at the end of the struct, or null for a field in its place.
   */
  readonly tag: number | null
  readonly otherwise: unknown
}

export type Fields = { readonly [name: string]: Node | Field }

/** What reading a node gives. Fields that a version lacks hold their default. */
export type Of<N extends Typed<unknown, unknown>> = NonNullable<N[typeof shape]>['read']
/** What writing a node takes: as `Of`, but fields that some version lacks may be left out. */
export type Draft<N extends Typed<unknown, unknown>> = NonNullable<N[typeof shape]>['draft']

type NodeOf<F> = F extends Field<infer N> ? N : F extends Node ? F : never
type Plain<F extends Fields> = { [K in keyof F]: F[K] extends Field ? never : K }[keyof F]
type Optional<F extends Fields> = { [K in keyof F]: F[K] extends Field ? K : never }[keyof F]
type ReadStruct<F extends Fields> = { readonly [K in keyof F]: Of<NodeOf<F[K]>> }
type DraftStruct<F extends Fields> = { readonly [K in Plain<F>]: Draft<NodeOf<F[K]>> } & {
  readonly [K in Optional<F>]?: Draft<NodeOf<F[K]>> | undefined
}

const scalar = <R, D = R>(kind: ScalarKind): Scalar<R, D> => ({ kind })

export const boolean = scalar<boolean>('boolean')
export const int8 = scalar<number>('int8')
export const int16 = scalar<number>('int16')
export const uint16 = scalar<number>('uint16')
export const int32 = scalar<number>('int32')
export const uint32 = scalar<number>('uint32')
/** A number: reading refuses what is beyond 2^53, writing asserts that it is not. */
export const int64 = scalar<number>('int64')
/**
 * For what clients send, where any number deserves an answer: reading rounds what is beyond 2^53,
 * so whoever uses it asks first whether it is a safe integer. Writing asserts that it is one.
 */
export const int64Near = scalar<number>('int64Near')
/** For the few fields whose full range is used. */
export const int64Big = scalar<bigint>('int64Big')
export const float64 = scalar<number>('float64')
/** 32 lowercase hexadecimal digits: a string makes a fast key of a map. */
export const uuid = scalar<string>('uuid')
/** UTF-8 of at most 32767 bytes. Compact in flexible versions. */
export const string = scalar<string>('string')
/** A string whose length stays in two bytes in flexible versions too. */
export const string16 = scalar<string>('string16')
/** Reading gives a view into the input; writing lists long ones by reference. */
export const bytes = scalar<Uint8Array>('bytes')

/** Bytes that are written from parts lying in different places: the records of a fetch. */
export const pieces = scalar<Uint8Array, Uint8Array | readonly Uint8Array[]>('bytes')

export const nilUuid = '0'.repeat(32)

export const array = <N extends Node>(of: N): ArrayNode<Of<N>, Draft<N>> => ({ kind: 'array', of })

/** `since`: the first version in which null is allowed; in earlier ones it is refused. */
export const nullable = <N extends Node>(of: N, since = 0): Nullable<Of<N>, Draft<N>> => ({
  kind: 'nullable',
  of,
  since,
})

export const struct = <F extends Fields>(fields: F): Struct<ReadStruct<F>, DraftStruct<F>> => ({
  kind: 'struct',
  fields,
})

/** A field of the versions from `first` to `last`, both included. */
export const between = <N extends Node>(
  first: number,
  last: number,
  node: N,
  otherwise: Of<N>,
): Field<N> => ({ kind: 'field', node, first, last, tag: null, otherwise })

/** A field of version `first` and all later ones. */
export const since = <N extends Node>(first: number, node: N, otherwise: Of<N>): Field<N> =>
  between(first, Number.POSITIVE_INFINITY, node, otherwise)

/** A field of all versions up to and with `last`. */
export const until = <N extends Node>(last: number, node: N, otherwise: Of<N>): Field<N> =>
  between(0, last, node, otherwise)

/** A tagged field of flexible versions from `first` on; not written when it equals `otherwise`. */
export const tagged = <N extends Node>(
  tag: number,
  node: N,
  otherwise: Of<N>,
  first = 0,
): Field<N> => ({ kind: 'field', node, first, last: Number.POSITIVE_INFINITY, tag, otherwise })

/** One version of a schema: which of its fields exist, and whether lengths are compact. */
export interface Version {
  readonly number: number
  readonly flexible: boolean
}

/** Whether this version holds the field at all, in its place or tagged. */
export function isPresent(field: Node | Field, version: Version): boolean {
  if (field.kind !== 'field') return true
  if (field.tag !== null && !version.flexible) return false
  return version.number >= field.first && version.number <= field.last
}

export const tagOf = (field: Node | Field): number | null =>
  field.kind === 'field' ? field.tag : null

export const nodeOf = (field: Node | Field): Node => (field.kind === 'field' ? field.node : field)
