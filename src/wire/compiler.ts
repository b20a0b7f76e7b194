// Turns one version of a schema into JavaScript: one function per struct and array, straight-line
// code inside, and no look at the schema left at run time. Walking the schema for every value costs
// some thirty times as much (bench/micro/codec.ts). Only schemas, constants of this program, ever
// reach `new Function`; input does not.
import { assert } from '../base/assert.ts'
import type { Codec } from './codec.ts'
import {
  type ArrayNode,
  type Field,
  isPresent,
  type Node,
  type Nullable,
  nodeOf,
  type Struct,
  tagOf,
  type Version,
} from './schema.ts'
import { minWidth } from './width.ts'

/** The codec of one version of a schema. `name` begins the paths in its errors. */
export function compile(
  name: string,
  body: Struct,
  number: number,
  flexible: boolean,
): Codec<unknown, unknown> {
  return new Function('nothing', emit(name, body, { number, flexible }))(Buffer.alloc(0))
}

/** The source that `compile` runs. */
export function emit(name: string, body: Struct, version: Version): string {
  const emitter = new Emitter(version)
  const read = emitter.reader(body, name)
  const write = emitter.writer(body, 'value')
  return [
    "'use strict'",
    ...emitter.functions,
    `return { read: (r) => ${read}, write: (w, value) => { ${write} } }`,
    `//# sourceURL=wire/${name}@${version.number}`,
  ].join('\n')
}

class Emitter {
  readonly functions: string[] = []
  private readonly version: Version

  constructor(version: Version) {
    this.version = version
  }

  /** An expression that reads the node from `r`. */
  reader(node: Node, path: string, nullAllowed = false): string {
    const at = JSON.stringify(path)
    const orNull = nullAllowed ? 'OrNull' : ''
    switch (node.kind) {
      case 'string':
      case 'string16':
        return `r.text${orNull}(${this.length(node, at)}, ${at})`
      case 'bytes':
        return `r.bytes${orNull}(${this.length(node, at)}, ${at})`
      case 'array':
        return this.arrayReader(node, path, nullAllowed)
      case 'struct': {
        const read = this.structReader(node, path)
        return nullAllowed ? `(r.marker(${at}) ? ${read} : null)` : read
      }
      case 'nullable':
        return this.reader(node.of, path, this.mayBeNull(node))
      default:
        return `r.${node.kind}(${at})`
    }
  }

  /** A statement that writes `value`, a name, as the node into `w`. */
  writer(node: Node, value: string): string {
    const { flexible } = this.version
    switch (node.kind) {
      case 'string':
        return `w.${flexible ? 'stringCompact' : 'string16'}(${value})`
      case 'bytes':
        return `w.${flexible ? 'bytesCompact' : 'bytes32'}(${value})`
      case 'array':
        return `${this.arrayWriter(node)}(w, ${value})`
      case 'struct':
        return `${this.structWriter(node)}(w, ${value})`
      case 'nullable':
        return this.mayBeNull(node) ? this.nullableWriter(node, value) : this.writer(node.of, value)
      default:
        return `w.${node.kind}(${value})`
    }
  }

  private mayBeNull(node: Nullable): boolean {
    return this.version.number >= node.since
  }

  /** An expression that reads a length of the kind that stands before such a node. */
  private length(node: Node, at: string): string {
    if (node.kind === 'string16') return `r.length16(${at})`
    if (this.version.flexible) return `r.lengthCompact(${at})`
    return node.kind === 'string' ? `r.length16(${at})` : `r.length32(${at})`
  }

  private arrayReader(node: ArrayNode, path: string, nullAllowed: boolean): string {
    const at = JSON.stringify(path)
    const element = this.reader(node.of, path)
    return this.call('r', [
      `const length = ${this.length(node, at)}`,
      ...(nullAllowed ? ['if (length < 0) return null'] : []),
      `const count = r.count(length, ${minWidth(node.of, this.version)}, ${at})`,
      'const elements = []',
      `for (let i = 0; i < count; i++) elements.push(${element})`,
      'return elements',
    ])
  }

  private structReader(node: Struct, path: string): string {
    const body: string[] = []
    const result: string[] = []
    const tagged: [tag: number, assignment: string][] = []
    Object.entries(node.fields).forEach(([name, field], i) => {
      const otherwise = field.kind === 'field' ? literal(field.otherwise) : ''
      if (!isPresent(field, this.version)) {
        result.push(`${name}: ${otherwise}`)
        return
      }
      const read = this.reader(nodeOf(field), `${path}.${name}`)
      const tag = tagOf(field)
      if (tag === null) body.push(`const f${i} = ${read}`)
      else {
        body.push(`let f${i} = ${otherwise}`)
        tagged.push([tag, `f${i} = ${read}`])
      }
      result.push(`${name}: f${i}`)
    })
    if (this.version.flexible) body.push(...tagReader(tagged, JSON.stringify(path)))
    return this.call('r', [...body, `return { ${result.join(', ')} }`])
  }

  private arrayWriter(node: ArrayNode): string {
    return this.define('w, elements', [
      this.version.flexible ? 'w.uvarint(elements.length + 1)' : 'w.int32(elements.length)',
      'for (let i = 0; i < elements.length; i++) {',
      'const element = elements[i]',
      this.writer(node.of, 'element'),
      '}',
    ])
  }

  private nullableWriter(node: Nullable, value: string): string {
    const { flexible } = this.version
    const { kind } = node.of
    let ifNull = flexible ? 'w.uvarint(0)' : kind === 'string' ? 'w.int16(-1)' : 'w.int32(-1)'
    if (kind === 'struct') ifNull = 'w.int8(-1)'
    if (kind === 'string16') ifNull = 'w.int16(-1)'
    const ifValue = this.writer(node.of, value)
    const marked = kind === 'struct' ? `{ w.int8(1); ${ifValue} }` : ifValue
    return `if (${value} === null) ${ifNull}; else ${marked}`
  }

  private structWriter(node: Struct): string {
    const body: string[] = []
    const tagged: { tag: number; isSet: string; write: string }[] = []
    Object.entries(node.fields).forEach(([name, field], i) => {
      if (!isPresent(field, this.version)) return
      const value = `f${i}`
      body.push(`const ${value} = ${drafted(name, field)}`)
      const write = this.writer(nodeOf(field), value)
      if (field.kind === 'field' && field.tag !== null)
        tagged.push({ tag: field.tag, isSet: `!(${sameAs(value, field.otherwise)})`, write })
      else body.push(write)
    })
    if (this.version.flexible) {
      tagged.sort((a, b) => a.tag - b.tag)
      body.push(`w.uvarint(${tagged.map((t) => `(${t.isSet} ? 1 : 0)`).join(' + ') || 0})`)
      for (const { tag, isSet, write } of tagged)
        body.push(`if (${isSet}) { const mark = w.openTag(${tag}); ${write}; w.closeTag(mark) }`)
    }
    return this.define('w, v', body)
  }

  private define(parameters: string, body: readonly string[]): string {
    const name = `${parameters[0] === 'r' ? 'read' : 'write'}${this.functions.length}`
    this.functions.push(`function ${name}(${parameters}) {\n${body.join('\n')}\n}`)
    return name
  }

  private call(parameter: string, body: readonly string[]): string {
    return `${this.define(parameter, body)}(${parameter})`
  }
}

/** Statements that read the tagged fields at the end of a struct. */
function tagReader(tagged: readonly [number, string][], at: string): string[] {
  if (tagged.length === 0) return [`r.skipTags(${at})`]
  return [
    `for (let n = r.tagCount(${at}); n > 0; n--) {`,
    `const tag = r.uvarint(${at})`,
    `const end = r.tagEnd(${at})`,
    'switch (tag) {',
    ...tagged.map(([tag, assignment]) => `case ${tag}: ${assignment}; break`),
    'default: r.at = end',
    '}',
    `r.closeTag(end, ${at})`,
    '}',
  ]
}

/** An expression for a field of the struct `v` that is written; a draft may leave out some. */
function drafted(name: string, field: Node | Field): string {
  if (field.kind !== 'field') return `v.${name}`
  return `v.${name} === undefined ? ${literal(field.otherwise)} : v.${name}`
}

/** A default as source. Arrays and bytes among defaults are empty. */
function literal(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value) || value instanceof Uint8Array) {
    assert(value.length === 0, 'a default array is empty')
    return Array.isArray(value) ? '[]' : 'nothing'
  }
  const members = Object.entries(value).map(([name, member]) => `${name}: ${literal(member)}`)
  return `{ ${members.join(', ')} }`
}

/** An expression that is true when the named value equals the default. */
function sameAs(name: string, value: unknown): string {
  if (value === null || typeof value !== 'object') return `${name} === ${literal(value)}`
  if (Array.isArray(value) || value instanceof Uint8Array) return `${name}.length === 0`
  return Object.entries(value)
    .map(([member, of]) => sameAs(`${name}.${member}`, of))
    .join(' && ')
}
