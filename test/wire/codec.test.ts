// Holds compiled codecs against the interpreter for every Kafka message in every version: on random
// values, on every truncation of their bytes, and on random damage.
import assert from 'node:assert/strict'
import test from 'node:test'
import { kafkaMessages, versionsOf } from '../../scripts/kafka-messages.ts'
import type { Codec } from '../../src/wire/codec.ts'
import { interpret } from '../../src/wire/interpreter.ts'
import { codec, isFlexible, type Message } from '../../src/wire/message.ts'
import { Reader } from '../../src/wire/reader.ts'
import { WireError } from '../../src/wire/wire-error.ts'
import { joined, Writer } from '../../src/wire/writer.ts'
import { type Random, randomValue, seeded } from './random-value.ts'

const seed = 20261121

interface Case {
  readonly title: string
  readonly compiled: Codec<unknown, unknown>
  readonly oracle: Codec<unknown, unknown>
  readonly value: unknown
  readonly bytes: Buffer
}

const writer = new Writer()

function encode(codec: Codec<unknown, unknown>, value: unknown): Buffer {
  codec.write(writer, value)
  return joined(writer.finish())
}

function makeCase(message: Message, version: number, random: Random): Case {
  const flexible = isFlexible(message, version)
  const compiled = codec(message, version) as Codec<unknown, unknown>
  const oracle = interpret(message.name, message.body, version, flexible)
  const value = randomValue(message.body, { number: version, flexible }, random)
  const title = `${message.name} v${version}, seed ${seed}`
  return { title, compiled, oracle, value, bytes: encode(compiled, value) }
}

function* cases(perVersion: number): Generator<Case> {
  const random = seeded(seed)
  for (const message of kafkaMessages)
    for (const version of versionsOf(message))
      for (let i = 0; i < perVersion; i++) yield makeCase(message, version, random)
}

/**
 * What decoding gives: the value, or the message of the WireError. Anything else thrown passes
 * through.
 */
function decode(codec: Codec<unknown, unknown>, bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  try {
    return { value: codec.read(reader), at: reader.at }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return error.message
  }
}

test('compiled and interpreted codecs write the same bytes and read back the value', () => {
  for (const { title, compiled, oracle, value, bytes } of cases(2)) {
    assert.ok(encode(oracle, value).equals(bytes), title)
    assert.deepEqual(decode(compiled, bytes), { value, at: bytes.length }, title)
    assert.deepEqual(decode(oracle, bytes), { value, at: bytes.length }, title)
  }
})

test('a message cut short anywhere is a WireError, the same from both codecs', () => {
  for (const { title, compiled, oracle, bytes } of cases(1)) {
    const step = Math.max(1, Math.floor(bytes.length / 12))
    for (let length = 0; length < bytes.length; length += step) {
      const result = decode(compiled, bytes.subarray(0, length))
      assert.equal(typeof result, 'string', `${title}, cut to ${length}`)
      assert.equal(decode(oracle, bytes.subarray(0, length)), result, title)
    }
  }
})

test('damaged bytes give a value or a WireError, the same from both codecs', () => {
  const random = seeded(seed)
  for (const { title, compiled, oracle, bytes } of cases(1)) {
    for (let i = 0; i < 6 && bytes.length > 0; i++) {
      const damaged = Buffer.from(bytes)
      for (let n = 0; n < 1 + i / 4; n++) {
        const at = Math.floor(random() * Math.min(bytes.length, 300))
        damaged[at] = Math.floor(random() * 256)
      }
      assert.deepEqual(decode(oracle, damaged), decode(compiled, damaged), title)
    }
  }
})

test('random bytes are never more than a WireError', () => {
  const random = seeded(seed)
  for (const { title, compiled } of cases(1)) {
    const bytes = Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256)))
    assert.doesNotThrow(() => decode(compiled, bytes), title)
  }
})
