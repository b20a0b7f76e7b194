import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32c } from '../../src/base/crc32c.ts'
import { CorruptFileError } from '../../src/io/corrupt-file.ts'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { RecordFile } from '../../src/io/record-file.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'

const options = { maxRecordBytes: 4096 }
const headerBytes = 28
const record = (text: string): Uint8Array => new TextEncoder().encode(text)
const open = (disk: Disk) => RecordFile.open(disk, 'f', options)

async function texts(disk: Disk): Promise<string[]> {
  const { file, records } = await open(disk)
  await file.close()
  return records.map((bytes) => new TextDecoder().decode(bytes))
}

async function patch(disk: Disk, bytes: Uint8Array, position: number): Promise<void> {
  const file = await disk.open('f', { access: 'write' })
  await file.write([bytes], position < 0 ? (await file.size()) + position : position)
  await file.close()
}

async function cut(disk: Disk, bytes: number): Promise<void> {
  const file = await disk.open('f', { access: 'write' })
  await file.truncate((await file.size()) - bytes)
  await file.close()
}

/** Three frames of one record each, and the empty one of a clean stop. */
async function closedThree(): Promise<Disk> {
  const disk = memoryDisk()
  const { file } = await open(disk)
  for (const text of ['one', 'two', 'three']) await file.append([record(text)])
  await file.close()
  return disk
}

/** The same as a crash leaves it. */
async function three(): Promise<Disk> {
  const disk = await closedThree()
  await cut(disk, headerBytes)
  return disk
}

describe('record file', () => {
  test('what was appended is there, in order, empty records too', async () => {
    const disk = await three()
    const { file, records } = await open(disk)
    assert.equal(records.length, 3)
    const before = file.bytes
    await Promise.all([
      file.append([record(''), record('x'.repeat(4096))]),
      file.append([record('y')]),
    ])
    assert.equal(file.bytes, before + headerBytes + 3 * 4 + 4097)
    await file.close()
    assert.deepEqual(await texts(disk), ['one', 'two', 'three', '', 'x'.repeat(4096), 'y'])
  })

  test('a rewrite replaces what came before it, and keeps what comes after', async () => {
    const disk = await three()
    const { file } = await open(disk)
    const all = [
      file.append([record('before')]),
      file.rewrite([record('all')]),
      file.append([record('after')]),
    ]
    await Promise.all(all)
    await file.close()
    assert.deepEqual(await texts(disk), ['all', 'after'])
    assert.deepEqual(await disk.list(''), ['f'])
  })

  test('more than one frame gathers: many appends, a large rewrite', async () => {
    const disk = memoryDisk()
    const { file } = await open(disk)
    const large = Array.from({ length: 700 }, (_, i) => record(`${i} `.padEnd(4000, 'x')))
    await Promise.all(large.map((bytes) => file.append([bytes])))
    await file.rewrite(large)
    await file.append([record('end')])
    await file.close()
    const back = await texts(disk)
    assert.deepEqual(
      back.slice(0, 700).map((text) => Number.parseInt(text, 10)),
      [...large.keys()],
    )
    assert.equal(back[700], 'end')
  })

  test('a torn tail is cut: any length, zeros, a bad body, a bad header', async () => {
    for (let bytes = 1; bytes < headerBytes + 9; bytes++) {
      const disk = await three()
      await cut(disk, bytes)
      assert.deepEqual(await texts(disk), ['one', 'two'], `${bytes} bytes cut`)
    }
    const zeros = await three()
    await patch(zeros, new Uint8Array(5000), 200)
    assert.deepEqual(await texts(zeros), ['one', 'two', 'three'])
    for (const at of [-1, -(headerBytes + 9), -(headerBytes + 1)]) {
      const disk = await three()
      await patch(disk, Uint8Array.of(0xaa), at)
      assert.deepEqual(await texts(disk), ['one', 'two'])
      const { file } = await open(disk)
      await file.append([record('again')])
      await file.close()
      assert.deepEqual(await texts(disk), ['one', 'two', 'again'])
    }
  })

  test('a torn tail is kept beside the file, and reported', async () => {
    const disk = await three()
    await cut(disk, 5)
    const lines: string[] = []
    const report = (line: string): number => lines.push(line)
    const { file } = await RecordFile.open(disk, 'f', { maxRecordBytes: 100, report })
    await file.close()
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /^f ended in 32 bytes of a write .* kept in f\.cut$/)
    const kept = await disk.open('f.cut', { access: 'read' })
    assert.equal(await kept.size(), headerBytes + 4)
    await kept.close()
  })

  test('after a clean stop damage to the last record is seen', async () => {
    const tail = headerBytes
    for (const at of [-tail - 1, -tail - 8, -tail - 9 - headerBytes]) {
      const disk = await closedThree()
      await patch(disk, Uint8Array.of(0xaa), at)
      await assert.rejects(open(disk), CorruptFileError)
    }
    const marked = await closedThree()
    await patch(marked, Uint8Array.of(0xaa), -1)
    assert.deepEqual(await texts(marked), ['one', 'two', 'three'])
  })

  test('a file that was only opened and closed does not grow', async () => {
    const disk = await closedThree()
    const { file } = await open(disk)
    const before = file.bytes
    await file.close()
    const again = await open(disk)
    assert.equal(again.file.bytes, before)
    await again.file.close()
  })

  test('a bad frame with a good one behind it is corruption, and nothing is changed', async () => {
    const second = headerBytes + 4 + 3
    for (const at of [0, 9, 26, headerBytes + 5, second + 1, second + headerBytes + 6]) {
      const disk = await three()
      await patch(disk, Uint8Array.of(0xaa), at)
      const error: unknown = await open(disk).catch((e) => e)
      assert.ok(error instanceof CorruptFileError, `byte ${at}`)
      assert.equal(error.path, 'f')
      assert.equal(error.position, at < second ? 0 : second)
      const file = await disk.open('f', { access: 'read' })
      assert.equal(await file.size(), 3 * (headerBytes + 4) + 11)
      await file.close()
    }
  })

  test('a frame inside a record is not taken for one', async () => {
    const source = await three()
    const bytes = new Uint8Array(200)
    const stored = await source.open('f', { access: 'read' })
    const image = bytes.subarray(0, await stored.read(bytes, 0))
    await stored.close()
    const disk = await three()
    const { file } = await open(disk)
    await file.append([image])
    await file.close()
    await cut(disk, headerBytes)
    await patch(disk, Uint8Array.of(0xaa), 3 * (headerBytes + 4) + 11 + 4)
    assert.deepEqual(await texts(disk), ['one', 'two', 'three'])
  })

  test('after a failed append every call fails; a failed rewrite harms nothing', async () => {
    const disk = new SimDisk(new SimClock(), new SimChance(1))
    await disk.clock.runUntil(
      (async () => {
        const { file } = await open(disk)
        await file.append([record('kept')])
        disk.faults.failNext('write', 'ENOSPC')
        await assert.rejects(file.rewrite([record('lost')]), { code: 'ENOSPC' })
        await file.append([record('more')])
        disk.faults.failNext('write', 'EIO')
        await assert.rejects(file.append([record('gone')]), { code: 'EIO' })
        await assert.rejects(file.append([record('gone too')]), { code: 'EIO' })
        await assert.rejects(file.rewrite([]), { code: 'EIO' })
        await file.close()
      })(),
    )
    const left = disk.crash()
    assert.deepEqual(await left.clock.runUntil(texts(left)), ['kept', 'more'])
  })
})

interface Model {
  /**
   * Every content that a crash may leave: the answered one first, then what was asked for after it.
   */
  possible: string[][]
}

/** Appends and rewrites drawn from the seed; keeps the model of what a crash may leave. */
async function workload(disk: SimDisk, chance: SimChance, model: Model): Promise<void> {
  const { file, records } = await open(disk)
  const found = records.map((bytes) => new TextDecoder().decode(bytes))
  model.possible = [found]
  let current = found
  for (let step = 0; step < 6; step++) {
    const calls = Array.from({ length: 1 + chance.int(3) }, (_, call) => {
      const texts = Array.from({ length: 1 + chance.int(3) }, (_, i) =>
        `${step}.${call}.${i}`.padEnd(chance.int(1200), '*'),
      )
      const isRewrite = chance.int(4) === 0
      current = isRewrite ? [...current.slice(-3), ...texts] : [...current, ...texts]
      model.possible.push(current)
      return isRewrite ? file.rewrite(current.map(record)) : file.append(texts.map(record))
    })
    await Promise.all(calls)
    model.possible = [current]
  }
  await file.close()
}

/**
 * Runs until `events` have happened and cuts the power; returns what is left, if that was before
 * the end.
 */
async function crashAt<T>(
  disk: SimDisk,
  work: Promise<T>,
  events: number,
): Promise<SimDisk | null> {
  let done = false
  const finish = (): void => {
    done = true
  }
  work.then(finish, finish)
  await disk.clock.run(events)
  if (done) return null
  // The process alone may die, and the power a moment later.
  return disk.chance.int(3) === 0 ? disk.kill(new SimClock()) : disk.crash(new SimClock())
}

test('record file: what a start finds of a failed write stays, power cut or not', async () => {
  let found = 0
  for (let seed = 0; seed < 40; seed++) {
    const disk = new SimDisk(new SimClock(), new SimChance(seed), { takesDirect: false })
    const { file } = await disk.clock.runUntil(open(disk))
    disk.faults.failNext('write', 'EIO')
    await disk.clock.runUntil(assert.rejects(file.append([record('unsure')])))
    const restarted = disk.kill(new SimClock())
    const seen = await restarted.clock.runUntil(texts(restarted))
    const cut = restarted.crash(new SimClock())
    assert.deepEqual(await cut.clock.runUntil(texts(cut)), seen, `seed ${seed}`)
    found += seen.length
  }
  assert.ok(found > 5, `${found} times the write was there`)
})

test('record file: damage after a rewrite is not taken for a torn tail', async () => {
  const disk = await three()
  const { file } = await open(disk)
  await file.rewrite([record('state')])
  await file.close()
  await patch(disk, record('S'), headerBytes + 4)
  await assert.rejects(open(disk), CorruptFileError)
})

test('record file: a crash anywhere loses nothing that was answered', async () => {
  let crashes = 0
  let partial = 0
  for (let seed = 0; seed < 320; seed++) {
    const chance = new SimChance(seed)
    const model: Model = { possible: [[]] }
    let disk: SimDisk = new SimDisk(new SimClock(), chance)
    // The seed says at which event: over the seeds, at every one that there is, several times.
    const left = await crashAt(disk, workload(disk, chance, model), 1 + (seed % 83))
    if (!left) continue
    crashes++
    disk = left
    for (let again = chance.int(3); again > 0; again--) {
      const recovery = open(disk)
      disk = (await crashAt(disk, recovery, 1 + chance.int(10))) ?? disk.crash(new SimClock())
    }
    const found = await disk.clock.runUntil(texts(disk))
    const isPossible = model.possible.some((state) => state.join() === found.join())
    assert.ok(isPossible, `seed ${seed}: found ${found}, possible ${model.possible.join(' | ')}`)
    // What one start has read, the next must find, and new records must go behind it.
    disk = disk.crash(new SimClock())
    const more = open(disk).then(({ file }) => file.append([record('more')]))
    await disk.clock.runUntil(more)
    const last = disk.crash(new SimClock())
    assert.deepEqual(await last.clock.runUntil(texts(last)), [...found, 'more'], `seed ${seed}`)
    if (model.possible.length > 1 && found.join() !== model.possible[0]?.join()) partial++
  }
  assert.ok(crashes > 200 && partial > 10, `${crashes} crashes, ${partial} with more than promised`)
})

test('record file: a torn record that looks like a frame is cut, and no damage', async () => {
  for (const wipesHeader of [false, true]) {
    const disk = memoryDisk()
    const { file } = await open(disk)
    await file.append([record('one')])
    const start = file.bytes
    // As text can hold it: without the zeros that a header has.
    const forged = Buffer.from('PQRF'.padEnd(28, 'A'))
    forged.writeUInt32BE(crc32c(forged.subarray(0, 24), start + headerBytes + 4), 24)
    await file.append([Buffer.concat([forged, record('x'.repeat(100))])])
    await file.close()
    await cut(disk, headerBytes + 1)
    if (wipesHeader) await patch(disk, new Uint8Array(headerBytes), start)
    assert.deepEqual(await texts(disk), ['one'], `${wipesHeader}`)
  }
})

test('what is only read is left as it is, and settled once', async () => {
  const disk = memoryDisk()
  const absent = await RecordFile.read(disk, 'f', options)
  assert.deepEqual(await disk.list(''), [])
  await absent.file.settle()
  await absent.file.append([record('one')])
  await assert.rejects(absent.file.settle(), /settled once/)
  await patch(disk, record('torn'), await disk.sizeOf('f'))
  const bytes = await disk.sizeOf('f')
  const reported: string[] = []
  const report = (line: string): void => void reported.push(line)
  const { file, records, isTorn } = await RecordFile.read(disk, 'f', { ...options, report })
  assert.equal(records.length, 1)
  assert.equal(isTorn, true)
  assert.equal(await disk.sizeOf('f'), bytes)
  assert.deepEqual(await disk.list(''), ['f'])
  assert.throws(() => file.append([record('two')]), /f is open/)
  assert.equal(reported.length, 0)
  await file.settle()
  assert.equal(reported.length, 1)
  assert.equal(await disk.sizeOf('f.cut'), 4)
  await file.append([record('two')])
  await file.close()
  assert.deepEqual(await texts(disk), ['one', 'two'])
  await patch(disk, record('again'), await disk.sizeOf('f'))
  await (await RecordFile.open(disk, 'f', options)).file.close()
  assert.deepEqual([await disk.sizeOf('f.cut'), await disk.sizeOf('f.cut-2')], [4, 5])
})

test('what was sealed cannot be taken for a write that never finished', async () => {
  for (const isSealed of [false, true]) {
    const disk = memoryDisk()
    const { file } = await open(disk)
    await file.append([record('one')])
    await file.append([record('two')])
    const end = file.bytes
    if (isSealed) for (let i = 0; i < 2; i++) await file.seal()
    assert.equal(file.bytes, isSealed ? end + headerBytes : end)
    await patch(disk, Buffer.from('x'), end - 1)
    if (isSealed) await assert.rejects(open(disk), CorruptFileError)
    else assert.deepEqual(await texts(disk), ['one'])
  }
})
