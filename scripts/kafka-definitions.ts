// Compares our schemas with Kafka's own definitions of its messages (JSON files in its jars). Both
// are laid out flat, version by version, one row of text per field; what differs is shown as rows.
import { isFlexible, type Message } from '../src/wire/message.ts'
import {
  type Field,
  isPresent,
  type Node,
  nilUuid,
  nodeOf,
  type Struct,
  tagOf,
  type Version,
} from '../src/wire/schema.ts'

/** The parts of a definition that bear on the layout. */
export interface Definition {
  readonly name: string
  readonly apiKey?: number
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly latestVersionUnstable?: boolean
  readonly fields: readonly FieldDefinition[]
  readonly commonStructs?: readonly {
    readonly name: string
    readonly fields: readonly FieldDefinition[]
  }[]
}

interface FieldDefinition {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly flexibleVersions?: string
  readonly tag?: number
  readonly default?: string | number
  readonly fields?: readonly FieldDefinition[]
}

type Range = readonly [first: number, last: number]

/** What came of comparing one message. */
export interface Comparison {
  readonly rows: number
  readonly differences: readonly string[]
}

/** Reads a definition file: JSON with lines of comment. */
export const parseDefinition = (text: string): Definition =>
  JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as Definition

/** `2`, `2-5`, `2+`, `none`. */
function range(text: string | undefined): Range {
  const found = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text ?? 'none')
  if (found === null) return [Number.POSITIVE_INFINITY, -1]
  const first = Number(found[1])
  if (found[2] !== undefined) return [first, Number.POSITIVE_INFINITY]
  return [first, Number(found[3] ?? first)]
}

const within = (version: number, [first, last]: Range): boolean =>
  version >= first && version <= last

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/**
 * Compares a message with its definition in every version that we claim. `isUnstable` leaves out
 * the newest version of the definition, which Kafka does not show to clients.
 */
export function compare(
  message: Message,
  definition: Definition,
  isUnstable = definition.latestVersionUnstable === true,
): Comparison {
  const differences: string[] = []
  const [oldest, newest] = range(definition.validVersions)
  const flexibleFrom = range(definition.flexibleVersions)[0]
  const stable = isUnstable ? newest - 1 : newest
  const theirHead = `versions ${oldest}-${stable}, flexible ${flexibleFrom}`
  const ours = message.flexibleFrom ?? Number.POSITIVE_INFINITY
  const ourHead = `versions ${message.versions.join('-')}, flexible ${ours}`
  if (ourHead !== theirHead)
    differences.push(`${message.name}: ours ${ourHead}; Kafka's ${theirHead}`)
  let rows = 1
  for (let v = message.versions[0]; v <= message.versions[1]; v++) {
    const our = ourRows(message.body, { number: v, flexible: isFlexible(message, v) }, '')
    const their = new TheirRows(definition, message.versions, v).rows(definition.fields, '')
    rows += their.length
    for (let i = 0; i < Math.max(our.length, their.length); i++)
      if (our[i] !== their[i])
        differences.push(
          `${message.name} v${v}: ours ${our[i] ?? 'nothing'}; Kafka's ${their[i] ?? 'nothing'}`,
        )
  }
  return { rows, differences }
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}` : v))

/** One row: the same text for the same layout, whichever side it came from. */
interface Row {
  readonly path: string
  readonly type: string
  readonly isNullable: boolean
  readonly tag: number | null
  readonly isPresent: boolean
  readonly otherwise: () => unknown
}

function rowText(row: Row): string {
  if (!row.isPresent) return `${row.path} is absent and reads as ${show(row.otherwise())}`
  const text = `${row.path} ${row.type}${row.isNullable ? ' or null' : ''}`
  return row.tag === null ? text : `${text}, tag ${row.tag}, by default ${show(row.otherwise())}`
}

const ourTypes: Readonly<Record<string, string>> = {
  int64Near: 'int64',
  int64Big: 'int64',
  boolean: 'bool',
}

function ourRows(body: Struct, version: Version, path: string): string[] {
  return Object.entries(body.fields).flatMap(([name, field]) =>
    ourField(field, version, join(path, name)),
  )
}

function ourField(field: Node | Field, version: Version, path: string): string[] {
  let node = nodeOf(field)
  const isNullable = node.kind === 'nullable' && version.number >= node.since
  if (node.kind === 'nullable') node = node.of
  const isArray = node.kind === 'array'
  if (node.kind === 'array') node = node.of
  const type = `${isArray ? '[]' : ''}${ourTypes[node.kind] ?? node.kind}`
  const row = rowText({
    path,
    type,
    isNullable,
    tag: tagOf(field),
    isPresent: isPresent(field, version),
    otherwise: () => (field.kind === 'field' ? field.otherwise : undefined),
  })
  if (node.kind !== 'struct' || !isPresent(field, version)) return [row]
  return [row, ...ourRows(node, version, path)]
}

/** The rows of a definition in one version. */
class TheirRows {
  private readonly definition: Definition
  private readonly claimed: Range
  private readonly version: number

  constructor(definition: Definition, claimed: Range, version: number) {
    this.definition = definition
    this.claimed = claimed
    this.version = version
  }

  rows(fields: readonly FieldDefinition[], path: string): string[] {
    return fields.filter((f) => this.isEverPresent(f)).flatMap((f) => this.field(f, path))
  }

  /** Whether any version that we claim holds the field; the others have no place in our schema. */
  private isEverPresent(field: FieldDefinition): boolean {
    const [first, last] = range(field.versions)
    return first <= this.claimed[1] && last >= this.claimed[0]
  }

  private field(field: FieldDefinition, parent: string): string[] {
    const path = join(parent, lowerFirst(field.name))
    const isPresent = within(this.version, range(field.versions))
    const isTagged = within(this.version, range(field.taggedVersions))
    const row = rowText({
      path,
      type: this.type(field),
      isNullable: within(this.version, range(field.nullableVersions)),
      tag: isTagged ? (field.tag ?? null) : null,
      isPresent,
      otherwise: () => this.otherwise(field),
    })
    const members = this.members(field)
    return isPresent && members !== undefined ? [row, ...this.rows(members, path)] : [row]
  }

  private members(field: FieldDefinition): readonly FieldDefinition[] | undefined {
    const name = field.type.replace('[]', '')
    return field.fields ?? this.definition.commonStructs?.find((s) => s.name === name)?.fields
  }

  private type(field: FieldDefinition): string {
    const array = field.type.startsWith('[]') ? '[]' : ''
    if (this.members(field) !== undefined) return `${array}struct`
    if (field.type === 'records') return 'bytes'
    if (field.type === 'string' && field.flexibleVersions === 'none') return 'string16'
    return field.type
  }

  private otherwise(field: FieldDefinition): unknown {
    const { type } = field
    if (field.default === 'null') return null
    if (type.startsWith('[]')) return []
    const members = this.members(field)
    if (members !== undefined)
      return Object.fromEntries(members.map((m) => [lowerFirst(m.name), this.otherwise(m)]))
    if (type === 'string') return field.default ?? ''
    if (type === 'bool') return field.default === 'true'
    if (type === 'uuid') return nilUuid
    const number = BigInt(field.default ?? 0)
    return number > Number.MAX_SAFE_INTEGER ? number : Number(number)
  }
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)
