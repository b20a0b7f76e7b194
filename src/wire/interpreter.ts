// The meaning of a schema in its shortest form: walks it for every value. Slow; it is the oracle
// that tests hold the compiler against, and shares with it only the schema, the reader and the
// writer.
import type { Reader } from './reader.ts'
import { isPresent, type Node, nodeOf, type Struct, tagOf, type Version } from './schema.ts'
import { minWidth } from './width.ts'
import type { Writer } from './writer.ts'

type Values = Record<string, unknown>

/** The codec of one version, as `compile` makes it. */
export function interpret(name: string, body: Struct, number: number, flexible: boolean) {
  const version = { number, flexible }
  return {
    read: (r: Reader): unknown => readNode(r, body, version, name),
    write: (w: Writer, value: unknown): void => writeNode(w, body, version, value),
  }
}

function readNode(r: Reader, node: Node, version: Version, path: string): unknown {
  const length = () => (version.flexible ? r.lengthCompact(path) : r.length32(path))
  switch (node.kind) {
    case 'string':
      return r.text(version.flexible ? r.lengthCompact(path) : r.length16(path), path)
    case 'string16':
      return r.text(r.length16(path), path)
    case 'bytes':
      return r.bytes(length(), path)
    case 'array': {
      const count = r.count(length(), minWidth(node.of, version), path)
      return Array.from({ length: count }, () => readNode(r, node.of, version, path))
    }
    case 'nullable':
      return readNullable(r, node.of, version, path, version.number >= node.since)
    case 'struct':
      return readStruct(r, node, version, path)
    default:
      return r[node.kind](path)
  }
}

/** Looks whether null stands there; if not, goes back and reads the value as if it could not. */
function readNullable(
  r: Reader,
  of: Node,
  version: Version,
  path: string,
  allowed: boolean,
): unknown {
  if (!allowed) return readNode(r, of, version, path)
  if (of.kind === 'struct') return r.marker(path) ? readNode(r, of, version, path) : null
  const before = r.at
  const wide = of.kind === 'bytes' || of.kind === 'array'
  const compact = version.flexible && of.kind !== 'string16'
  const length = compact ? r.lengthCompact(path) : wide ? r.length32(path) : r.length16(path)
  if (length < 0) return null
  r.at = before
  return readNode(r, of, version, path)
}

function readStruct(r: Reader, node: Struct, version: Version, path: string): Values {
  const values: Values = {}
  const byTag = new Map<number, string>()
  for (const [name, field] of Object.entries(node.fields)) {
    if (field.kind === 'field') values[name] = structuredClone(field.otherwise)
    if (!isPresent(field, version)) continue
    const tag = tagOf(field)
    if (tag === null) values[name] = readNode(r, nodeOf(field), version, `${path}.${name}`)
    else byTag.set(tag, name)
  }
  if (!version.flexible) return values
  for (let n = r.tagCount(path); n > 0; n--) {
    const tag = r.uvarint(path)
    const end = r.tagEnd(path)
    const name = byTag.get(tag)
    if (name === undefined) r.at = end
    else values[name] = readNode(r, nodeOf(node.fields[name] as Node), version, `${path}.${name}`)
    r.closeTag(end, path)
  }
  return values
}

function writeNode(w: Writer, node: Node, version: Version, value: unknown): void {
  switch (node.kind) {
    case 'string':
      if (version.flexible) w.stringCompact(value as string)
      else w.string16(value as string)
      break
    case 'bytes':
      if (version.flexible) w.bytesCompact(value as Buffer)
      else w.bytes32(value as Buffer)
      break
    case 'array':
      writeArray(w, node.of, version, value as unknown[])
      break
    case 'nullable':
      if (value === null && version.number >= node.since) {
        writeNull(w, node.of, version)
        break
      }
      if (node.of.kind === 'struct') w.int8(1)
      writeNode(w, node.of, version, value)
      break
    case 'struct':
      writeStruct(w, node, version, value as Values)
      break
    default:
      w[node.kind](value as never)
  }
}

function writeArray(w: Writer, of: Node, version: Version, elements: unknown[]): void {
  if (version.flexible) w.uvarint(elements.length + 1)
  else w.int32(elements.length)
  for (const element of elements) writeNode(w, of, version, element)
}

function writeNull(w: Writer, of: Node, version: Version): void {
  if (of.kind === 'struct') w.int8(-1)
  else if (of.kind === 'string16') w.int16(-1)
  else if (version.flexible) w.uvarint(0)
  else if (of.kind === 'string') w.int16(-1)
  else w.int32(-1)
}

function writeStruct(w: Writer, node: Struct, version: Version, values: Values): void {
  const late: { tag: number; node: Node; value: unknown }[] = []
  for (const [name, field] of Object.entries(node.fields)) {
    if (!isPresent(field, version)) continue
    const otherwise = field.kind === 'field' ? field.otherwise : undefined
    const value = values[name] === undefined ? otherwise : values[name]
    const tag = tagOf(field)
    if (tag === null) writeNode(w, nodeOf(field), version, value)
    else if (!isSame(value, otherwise)) late.push({ tag, node: nodeOf(field), value })
  }
  if (!version.flexible) return
  late.sort((a, b) => a.tag - b.tag)
  w.uvarint(late.length)
  for (const { tag, node, value } of late) {
    const mark = w.openTag(tag)
    writeNode(w, node, version, value)
    w.closeTag(mark)
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => isSame((a as Values)[name], (b as Values)[name]))
}
