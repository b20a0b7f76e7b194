// The codecs: what they write can be read, by themselves and by others; what is broken, cut short
// or made to explode is a value, and costs no more memory than was allowed.
import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { compress, decompress, prepareCompression } from '../../src/model/compression.ts'
import { compressions } from '../../src/model/record-batch.ts'
import { seeded } from '../wire/random-value.ts'

await prepareCompression()

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const mebi = 1024 * 1024
const limit = 4 * mebi

function sample(seed: number, bytes: number): Uint8Array {
  const random = seeded(seed)
  const data = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++)
    data[i] = i > 40 && random() < 0.8 ? (data[i - 37] ?? 0) : random() * 256
  return data
}

function expand(codec: (typeof compressions)[number], bytes: Uint8Array, maxBytes = limit): Buffer {
  const result = decompress(codec, bytes, maxBytes)
  assert.ok(result.ok, result.ok ? '' : `${codec}: ${result.message}`)
  return Buffer.from(result.value)
}

function refusal(codec: (typeof compressions)[number], bytes: Uint8Array, maxBytes = limit) {
  const result = decompress(codec, bytes, maxBytes)
  assert.ok(!result.ok, `${codec} accepted what it must refuse`)
  return result
}

for (const codec of compressions) {
  test(`${codec}: what was compressed comes back, and not a byte more than allowed`, () => {
    for (const size of [0, 1, 100, 32 * 1024, 32 * 1024 + 1, 300_000]) {
      const data = sample(size, size)
      const packed = compress(codec, data)
      assert.deepEqual(expand(codec, packed, Math.max(1, size)), Buffer.from(data), `${size} bytes`)
      if (size > 1 && codec !== 'none')
        assert.equal(refusal(codec, packed, size - 1).error, 'messageTooLarge')
    }
  })

  test(`${codec}: broken and truncated bytes are refused or differ, and never throw`, () => {
    if (codec === 'none') return
    const packed = compress(codec, sample(7, 5000))
    const random = seeded(11)
    for (let cut = 0; cut < packed.length; cut += 1 + Math.floor(random() * 40)) {
      const result = decompress(codec, packed.subarray(0, cut), limit)
      if (result.ok) assert.ok(result.value.length < 5000, `cut at ${cut}`)
      else assert.equal(result.error, 'invalidRecord', `cut at ${cut}`)
    }
    for (let i = 0; i < 1000; i++) {
      const broken = packed.slice()
      for (let flips = 1 + random() * 3; flips > 0; flips--)
        broken[Math.floor(random() * Math.min(64, broken.length))] = random() * 256
      const result = decompress(codec, broken, limit)
      if (result.ok) assert.ok(result.value.length <= limit)
    }
    for (let i = 0; i < 300; i++) refusal(codec, sample(i, Math.floor(random() * 60) + 1), 100)
  })
}

test('the levels of gzip and zstd are heard', () => {
  const data = sample(3, 100_000)
  for (const codec of ['gzip', 'zstd'] as const) {
    const small = compress(codec, data, 9)
    assert.ok(small.length < compress(codec, data, 1).length, codec)
    assert.deepEqual(expand(codec, small), Buffer.from(data))
  }
})

test('what other tools write is read', () => {
  const hello = Buffer.from('hello hello hello hello hello hello')
  // As the tools zstd and lz4 write from a pipe (no content size, a checksum), and with the size
  // and block checksums; and as librdkafka sends snappy.
  const zstd = '28b52ffd 0458 650000 30 68656c6c6f20 0100b94b11 2be168e7'
  assert.deepEqual(expand('zstd', hex(zstd)), hello)
  const block = '10000000 6f 68656c6c6f20 0600 05 50 68656c6c6f'
  assert.deepEqual(expand('lz4', hex(`04224d18 7440bd ${block} 7220b528 00000000 bd9cd674`)), hello)
  const sized = `04224d18 7c40 2300000000000000 eb ${block} 7220b528 00000000 bd9cd674`
  assert.deepEqual(expand('lz4', hex(sized)), hello)
  assert.deepEqual(expand('snappy', hex('23 14 68656c6c6f20 72 0600')), hello)
})

test('what Kafka clients need of our frames', () => {
  const data = sample(5, 100_000)
  const snappy = Buffer.from(compress('snappy', data))
  assert.deepEqual(snappy.subarray(0, 16), hex('82534e4150505900 00000001 00000001'))
  const lz4 = compress('lz4', data)
  assert.deepEqual(Buffer.from(lz4.subarray(0, 4)), hex('04224d18'))
  assert.equal((lz4[4] ?? 0) & 0xe0, 0x60, 'version 1, independent blocks')
})

test('frames in a row: zstd, gzip and snappy join them, a skippable one is skipped', () => {
  const [a, b] = [sample(1, 1000), sample(2, 2000)]
  const both = Buffer.concat([a, b])
  const row = (codec: 'zstd' | 'gzip' | 'snappy') =>
    Buffer.concat([compress(codec, a), compress(codec, b)])
  for (const codec of ['gzip', 'snappy'] as const) assert.deepEqual(expand(codec, row(codec)), both)
  const skipped = Buffer.concat([hex('5a2a4d18 03000000 aabbcc'), row('zstd')])
  assert.deepEqual(expand('zstd', skipped), both)
  assert.equal(refusal('zstd', skipped, 2999).error, 'messageTooLarge')
})

/** Resident memory that `run` left behind at its end, over what there was before, in bytes. */
function residentGrowth(run: () => void): number {
  const before = process.memoryUsage.rss()
  run()
  return process.memoryUsage.rss() - before
}

/**
 * Far more than is allowed, in as few bytes as each format can say it: zstd's are ten gigabytes.
 */
const bombs: {
  readonly [codec: string]: () => { bytes: Uint8Array; codec: 'gzip' | 'snappy' | 'lz4' | 'zstd' }[]
} = {
  'what is there': () => [
    { codec: 'gzip', bytes: gzipSync(Buffer.alloc(32 * mebi)) },
    { codec: 'lz4', bytes: lz4Bomb(64) },
    { codec: 'zstd', bytes: zstdBomb(81_920, hex('28b52ffd 00 58')) },
  ],
  'what is claimed': () => [
    { codec: 'snappy', bytes: hex('ffffffff0f 00 41 fe0100') },
    {
      codec: 'snappy',
      bytes: hex('82534e4150505900 00000001 00000001 00000009 ffffffff07 0041fe01'),
    },
    { codec: 'lz4', bytes: hex('04224d18 6840 0000008002000000 00 01000080 41 00000000') },
    // A single segment that claims ten gigabytes and brings as many repeated blocks.
    { codec: 'zstd', bytes: zstdBomb(81_920, hex('28b52ffd e0 0000008002000000')) },
  ],
}

for (const [kind, make] of Object.entries(bombs))
  test(`bombs by ${kind} are refused with flat memory`, () => {
    for (const { codec, bytes } of make()) {
      const growth = residentGrowth(() => {
        assert.equal(refusal(codec, bytes).error, 'messageTooLarge', codec)
      })
      assert.ok(growth < 24 * mebi, `${codec}: ${Math.round(growth / mebi)} MiB more`)
    }
  })

test('a claim that the blocks cannot keep is refused without being tried', () => {
  const growth = residentGrowth(() => {
    // 2 GiB window; and a claim of 3 MiB over one small block.
    assert.match(refusal('zstd', hex('28b52ffd 00 a8 0b0000 41')).message, /zstd/)
    assert.match(refusal('zstd', hex('28b52ffd a0 00003000 0b0000 41')).message, /zstd/)
  })
  assert.ok(growth < 8 * mebi)
})

/** `count` blocks of 128 KiB, each one byte repeated. */
function zstdBomb(count: number, header: Uint8Array): Uint8Array {
  const blocks = Buffer.alloc(count * 4, hex('02001041'))
  blocks[blocks.length - 4] = 0x03
  return Buffer.concat([header, blocks])
}

/** Blocks of 4 MiB, each a literal and one match as long as the block. */
function lz4Bomb(count: number): Uint8Array {
  const run = Buffer.concat([hex('1f 41 0100'), Buffer.alloc(16_448, 255), hex('00 50 4141414141')])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(run.length)
  const blocks = Array.from({ length: count }, () => Buffer.concat([length, run]))
  return Buffer.concat([hex('04224d18 6070 73'), ...blocks, hex('00000000')])
}
