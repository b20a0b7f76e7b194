// Field tables for the fuzzer, as bytes: arguments that queues, exchanges, bindings and consumers
// know with good and bad values, and tables that no client sends. All follows from the random
// source.
export type Random = () => number

export const below = (random: Random, n: number): number => Math.floor(random() * n)
export const pick = <T>(random: Random, from: readonly T[]): T =>
  from[below(random, from.length)] as T

export const uint16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value & 0xffff)
  return bytes
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

export const uint64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value))
  return bytes
}

export const shortstr = (text: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(text).subarray(0, 255)
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

export const longstr = (text: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint32(bytes.length), bytes])
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from('S'), longstr(value)])
const int = (value: number): Buffer => Buffer.concat([Buffer.from('I'), uint32(value)])
const long = (value: bigint): Buffer => Buffer.concat([Buffer.from('l'), uint64(value)])
const double = Buffer.concat([Buffer.from('d'), Buffer.from('7ff0000000000000', 'hex')])
const yes = Buffer.from('t\x01')
const nothing = Buffer.from('V')

export const entry = (name: string, value: Uint8Array): Buffer =>
  Buffer.concat([shortstr(name), value])

/** With its length. */
export const table = (...entries: readonly Uint8Array[]): Buffer => longstr(Buffer.concat(entries))

export const emptyTable = table()

const numbers = [int(0), int(1), int(5), int(1000), int(-1), int(0x7fffffff)] as const
const odd = [double, yes, nothing, long(-1n), long(2n ** 62n), text(''), text('NaN')] as const

/** What is known, with values that mean something. */
const knownArguments: readonly (readonly [string, readonly Buffer[]])[] = [
  ['x-message-ttl', numbers],
  ['x-expires', [int(1), int(1000), int(60_000)]],
  ['x-max-length', [int(0), int(1), int(20)]],
  ['x-max-length-bytes', [int(0), int(100), int(10_000)]],
  ['x-overflow', ['drop-head', 'reject-publish', 'reject-publish-dlx', 'else'].map(text)],
  ['x-dead-letter-exchange', ['', 'amq.topic', 'e1', 'none'].map(text)],
  ['x-dead-letter-routing-key', ['q0', 'q1', 'q2', 'a.b', ''].map(text)],
  ['x-max-priority', [int(1), int(5), int(255), int(256)]],
  ['x-queue-type', ['classic', 'quorum', 'stream', 'else'].map(text)],
  ['x-single-active-consumer', [yes]],
  ['x-delivery-limit', numbers],
  ['x-queue-mode', [text('lazy')]],
  ['x-queue-master-locator', [text('min-masters')]],
  ['x-dead-letter-strategy', [text('at-least-once')]],
  ['x-delayed-type', [text('topic')]],
  ['x-max-age', ['1h', '1', 'h', '9999999999Y'].map(text)],
  ['x-stream-offset', [text('first'), text('last'), int(3), text('2h'), long(-5n)]],
  ['x-match', ['all', 'any', 'all-with-x', 'any-with-x', 'some'].map(text)],
  ['x-priority', numbers],
  ['x-cancel-on-ha-failover', [yes]],
  ['x-consumer-timeout', numbers],
  ['x-delay', numbers],
  ['x-retry-delay', numbers],
  ['alternate-exchange', ['e0', 'e1', 'none', ''].map(text)],
  ['hash-header', [text('k')]],
  ['hash-property', ['message_id', 'else'].map(text)],
  ['CC', [listOf([text('q1'), text('q2')]), text('q1'), listOf([int(1)])]],
  ['BCC', [listOf([text('q3')]), int(1)]],
  ['x-death', [listOf([]), text('never'), listOf([Buffer.concat([Buffer.from('F'), table()])])]],
  ['k', [text('v'), int(1), yes]],
]

function listOf(values: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('A'), longstr(Buffer.concat(values))])
}

/** One to three arguments; a tenth of the values are of a kind that does not fit. */
export function someArguments(random: Random): Buffer {
  const entries = Array.from({ length: 1 + below(random, 3) }, () => {
    const [name, values] = pick(random, knownArguments)
    return entry(name, random() < 0.1 ? pick(random, odd) : pick(random, values))
  })
  return table(...entries)
}

function nested(kind: 'F' | 'A', depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0)
  for (let i = 0; i < depth; i++) {
    const value = Buffer.concat([Buffer.from(kind), longstr(inner)])
    inner = kind === 'F' ? entry('n', value) : value
  }
  return kind === 'F' ? longstr(inner) : table(entry('n', inner))
}

const anyTag = (random: Random): Buffer => Buffer.from([below(random, 256)])

/** Tables that lie about themselves, or hold more than anybody needs. */
export function hostileTable(random: Random): Buffer {
  const good = someArguments(random)
  switch (below(random, 10)) {
    case 0:
      return nested('F', 1 + below(random, 60))
    case 1:
      return nested('A', 1 + below(random, 60))
    case 2:
      // Longer or shorter than it says.
      return Buffer.concat([
        uint32(pick(random, [0, 1, good.length, 0x7fffffff, -1])),
        good.subarray(4),
      ])
    case 3:
      return table(entry('x', Buffer.concat([anyTag(random), Buffer.alloc(below(random, 9))])))
    case 4:
      return table(entry('x', Buffer.concat([Buffer.from('S'), uint32(below(random, 2 ** 32))])))
    case 5:
      return table(entry('x', Buffer.concat([Buffer.from('A'), uint32(below(random, 200))])))
    case 6:
      return table(...Array.from({ length: 300 }, (_, i) => entry(`k${i % 40}`, nothing)))
    case 7:
      return table(entry('x'.repeat(255), text('y'.repeat(3000))))
    case 8:
      return table(Uint8Array.of(255), good.subarray(4))
    default:
      return table(entry('__proto__', good), entry('constructor', text('x')), entry('', nothing))
  }
}
