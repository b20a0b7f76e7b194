// Random values of a schema, from a seed, so that a failure can be repeated.
import {
  isPresent,
  type Node,
  nodeOf,
  type ScalarKind,
  type Struct,
  type Version,
} from '../../src/wire/schema.ts'

export type Random = () => number

/** Numbers in [0, 1) from a 32-bit seed. */
export function seeded(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const below = (random: Random, n: number): number => Math.floor(random() * n)

const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T

const int = (bits: number) => (random: Random) => {
  const half = 2 ** (bits - 1)
  return pick(random, [0, -1, 1, half - 1, -half, below(random, 2 * half) - half])
}

const uint = (bits: number) => (random: Random) =>
  pick(random, [0, 1, 2 ** bits - 1, below(random, 2 ** bits)])

const text = (random: Random): string =>
  pick(random, ['', 'a', 'topic-1', 'é', '🚀 and more', 'x'.repeat(33), 'y'.repeat(200)])

const scalars: Record<ScalarKind, (random: Random) => unknown> = {
  boolean: (random) => random() < 0.5,
  int8: int(8),
  int16: int(16),
  uint16: uint(16),
  int32: int(32),
  uint32: uint(32),
  int64: (random) =>
    pick(random, [0, -1, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 32, -(2 ** 32), below(random, 2 ** 50)]),
  int64Near: (random) => pick(random, [0, -1, 2 ** 53 - 1, 1 - 2 ** 53, below(random, 2 ** 50)]),
  int64Big: (random) => pick(random, [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]),
  float64: (random) => pick(random, [0, -1.5, Number.MAX_VALUE, random()]),
  uuid: (random) =>
    Array.from({ length: 32 }, () => '0123456789abcdef'[below(random, 16)]).join(''),
  string: text,
  string16: text,
  bytes: (random) => Buffer.alloc(pick(random, [0, 1, 200]), below(random, 256)),
}

/** A value as reading gives it: fields that the version lacks hold their default. */
export function randomValue(node: Node, version: Version, random: Random): unknown {
  switch (node.kind) {
    case 'array':
      return Array.from({ length: below(random, 4) }, () => randomValue(node.of, version, random))
    case 'nullable':
      if (version.number >= node.since && random() < 0.3) return null
      return randomValue(node.of, version, random)
    case 'struct':
      return randomStruct(node, version, random)
    default:
      return scalars[node.kind](random)
  }
}

function randomStruct(node: Struct, version: Version, random: Random): unknown {
  const entries = Object.entries(node.fields).map(([name, field]) => {
    const isDefault = field.kind === 'field' && field.tag !== null && random() < 0.5
    if (field.kind === 'field' && (isDefault || !isPresent(field, version)))
      return [name, field.otherwise]
    return [name, randomValue(nodeOf(field), version, random)]
  })
  return Object.fromEntries(entries)
}
