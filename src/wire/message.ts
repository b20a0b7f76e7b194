// A named message with its versions, and its codecs: compiled when first asked for, then kept.
// Protocol rooms declare messages as data; connections ask for the codec of the version at hand.
import { assert } from '../base/assert.ts'
import type { Codec } from './codec.ts'
import { compile } from './compiler.ts'
import type { Draft, Of, Struct } from './schema.ts'

export interface Message<S extends Struct = Struct> {
  /** As it stands in errors and stack traces: `FetchRequest`. */
  readonly name: string
  /** Oldest and newest version spoken. */
  readonly versions: readonly [oldest: number, newest: number]
  /** First version with compact lengths and tagged fields, or null if there is none. */
  readonly flexibleFrom: number | null
  readonly body: S
}

type AnyCodec = Codec<unknown, unknown>

/**
 * Compiled codecs by schema and version; derived from constants alone, so sharing them is harmless.
 */
const compiled = new WeakMap<Message, Map<number, AnyCodec>>()

export const isFlexible = (message: Message, version: number): boolean =>
  message.flexibleFrom !== null && version >= message.flexibleFrom

/** The codec of one version, which must be one that the message has. */
export function codec<S extends Struct>(
  message: Message<S>,
  version: number,
): Codec<Of<S>, Draft<S>> {
  const versions = compiled.get(message) ?? new Map<number, AnyCodec>()
  compiled.set(message, versions)
  let found = versions.get(version)
  if (found === undefined) {
    const [oldest, newest] = message.versions
    assert(version >= oldest && version <= newest, `${message.name} has a version ${version}`)
    found = compile(message.name, message.body, version, isFlexible(message, version))
    versions.set(version, found)
  }
  return found as Codec<Of<S>, Draft<S>>
}
