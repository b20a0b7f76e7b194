// Field tables of AMQP 0-9-1 for the suite: written from JavaScript values, read into JSON that
// keeps the type letter of everything but long strings and booleans. On its own feet:
// nothing of src/ is used, so that a mistake there is not made twice.
//
//   'text'            S    true, false   t    null   V    Buffer   x    [ ]   A    { }   F
//   7                 I (l beyond 32 bits)    typed('s', 7)   any letter

/** A value with its letter, for what JavaScript does not tell apart. */
export interface Typed {
  readonly letter: string
  readonly value: unknown
}

export type Field = unknown
export type Fields = Readonly<Record<string, Field>>

export const typed = (letter: string, value: unknown): Typed => ({ letter, value })

const isTyped = (value: object): value is Typed => 'letter' in value && 'value' in value

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export const longString = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([uint32(bytes.length), bytes])
}

export const shortString = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string)
  if (bytes.length > 255) throw new Error(`a short string of ${bytes.length} bytes`)
  return Buffer.concat([Buffer.of(bytes.length), bytes])
}

const writers: Readonly<Record<string, (value: never) => Buffer>> = {
  t: (value: boolean) => Buffer.of(value ? 1 : 0),
  b: (value: number) => Buffer.of(value & 0xff),
  B: (value: number) => Buffer.of(value),
  s: (value: number) => sized(2, (b) => b.writeInt16BE(value)),
  U: (value: number) => sized(2, (b) => b.writeInt16BE(value)),
  u: (value: number) => sized(2, (b) => b.writeUInt16BE(value)),
  I: (value: number) => sized(4, (b) => b.writeInt32BE(value)),
  i: (value: number) => sized(4, (b) => b.writeUInt32BE(value)),
  l: (value: number | bigint) => sized(8, (b) => b.writeBigInt64BE(BigInt(value))),
  L: (value: number | bigint) => sized(8, (b) => b.writeBigInt64BE(BigInt(value))),
  T: (value: number | bigint) => sized(8, (b) => b.writeBigUInt64BE(BigInt(value))),
  f: (value: number) => sized(4, (b) => b.writeFloatBE(value)),
  d: (value: number) => sized(8, (b) => b.writeDoubleBE(value)),
  D: ([scale, value]: readonly [number, number]) =>
    Buffer.concat([Buffer.of(scale), sized(4, (b) => b.writeInt32BE(value))]),
  S: (value: string | Buffer) => longString(value),
  x: (value: string | Buffer) => longString(value),
  A: (values: readonly Field[]) => {
    const bytes = Buffer.concat(values.map(fieldBytes))
    return Buffer.concat([uint32(bytes.length), bytes])
  },
  F: (fields: Fields) => tableBytes(fields),
  V: () => Buffer.alloc(0),
}

const sized = (length: number, write: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(length)
  write(bytes)
  return bytes
}

function letterOf(value: unknown): string {
  if (typeof value === 'string') return 'S'
  if (typeof value === 'boolean') return 't'
  if (typeof value === 'bigint') return 'l'
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return 'd'
    return value === (value | 0) ? 'I' : 'l'
  }
  if (value === null || value === undefined) return 'V'
  if (Buffer.isBuffer(value)) return 'x'
  return Array.isArray(value) ? 'A' : 'F'
}

/** Letter and value. A letter that nobody knows is written with the bytes given. */
export function fieldBytes(field: Field): Buffer {
  const given = field !== null && typeof field === 'object' && isTyped(field) ? field : null
  const letter = given?.letter ?? letterOf(field)
  const value = given ? given.value : field
  const write = writers[letter]
  return Buffer.concat([Buffer.from(letter), write ? write(value as never) : (value as Buffer)])
}

/** The table with its length. */
export function tableBytes(fields: Fields): Buffer {
  const bytes = Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [shortString(name), fieldBytes(value)]),
  )
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** Text if it is UTF-8, else its bytes in hex. */
export function textOf(bytes: Buffer): string | { readonly hex: string } {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : { hex: bytes.toString('hex') }
}

/** Reads what the schema says, in order; throws when there is less. */
export class Reader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  take(length: number): Buffer {
    if (length > this.left) throw new Error('a field ends behind its frame')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  octet = (): number => this.take(1).readUInt8()
  short = (): number => this.take(2).readUInt16BE()
  long = (): number => this.take(4).readUInt32BE()
  /** As text beyond what a number holds. */
  longlong = (): number | string => safe(this.take(8).readBigUInt64BE())
  shortstr = (): unknown => textOf(this.take(this.octet()))
  longstr = (): unknown => textOf(this.take(this.long()))

  table(): Record<string, unknown> {
    const inner = new Reader(this.take(this.long()))
    const table: Record<string, unknown> = {}
    while (inner.left > 0) {
      const name = inner.shortstr() as string
      table[name] = inner.field()
    }
    return table
  }

  field(): unknown {
    const letter = String.fromCharCode(this.octet())
    switch (letter) {
      case 't':
        return this.octet() !== 0
      case 'S':
        return this.longstr()
      case 'b':
        return { b: this.take(1).readInt8() }
      case 'B':
        return { B: this.octet() }
      case 's':
      case 'U':
        return { [letter]: this.take(2).readInt16BE() }
      case 'u':
        return { u: this.short() }
      case 'I':
        return { I: this.take(4).readInt32BE() }
      case 'i':
        return { i: this.long() }
      case 'l':
      case 'L':
        return { [letter]: safe(this.take(8).readBigInt64BE()) }
      case 'T':
        return { T: this.longlong() }
      case 'f':
        return { f: this.take(4).readFloatBE() }
      case 'd':
        return { d: this.take(8).readDoubleBE() }
      case 'D':
        return { D: [this.octet(), this.take(4).readInt32BE()] }
      case 'x':
        return { x: this.take(this.long()).toString('hex') }
      case 'V':
        return { V: null }
      case 'F':
        return { F: this.table() }
      case 'A': {
        const inner = new Reader(this.take(this.long()))
        const values: unknown[] = []
        while (inner.left > 0) values.push(inner.field())
        return { A: values }
      }
      default:
        throw new Error(`no field type ${letter}`)
    }
  }
}

const safe = (value: bigint): number | string =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value)
