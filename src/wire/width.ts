// How few bytes a value of a schema can take. Readers bound array lengths by it, and structs of
// fixed width (disk formats) find their size and the places of their fields by it.
import { assert } from '../base/assert.ts'
import { isPresent, type Node, nodeOf, type Struct, tagOf, type Version } from './schema.ts'

const scalarWidths = {
  boolean: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  int64Near: 8,
  int64Big: 8,
  float64: 8,
  uuid: 16,
} as const

/** The least number of bytes that a value takes in this version. */
export function minWidth(node: Node, version: Version): number {
  switch (node.kind) {
    case 'string':
      return version.flexible ? 1 : 2
    case 'string16':
      return 2
    case 'bytes':
    case 'array':
      return version.flexible ? 1 : 4
    case 'nullable':
      return node.of.kind === 'struct' ? 1 : minWidth(node.of, version)
    case 'struct':
      return structWidth(node, version)
    default:
      return scalarWidths[node.kind]
  }
}

function structWidth(node: Struct, version: Version): number {
  let width = version.flexible ? 1 : 0
  for (const field of Object.values(node.fields))
    if (isPresent(field, version) && tagOf(field) === null)
      width += minWidth(nodeOf(field), version)
  return width
}

/** Size of a struct of scalars of fixed width, and the place of each of its fields, in bytes. */
export function fixedLayout(node: Struct): {
  readonly size: number
  readonly offsets: Readonly<Record<string, number>>
} {
  const offsets: Record<string, number> = {}
  let size = 0
  for (const [name, field] of Object.entries(node.fields)) {
    const kind = field.kind
    assert(kind in scalarWidths, `${name} is of fixed width`)
    offsets[name] = size
    size += scalarWidths[kind as keyof typeof scalarWidths]
  }
  return { size, offsets }
}
