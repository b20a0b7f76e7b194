import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Disk, DiskError, type DiskFile } from '../../src/io/disk.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk, type SimDiskOptions } from '../../src/io/sim/sim-disk.ts'
import { diskCases } from '../contract/disk.ts'

const simDisk = (seed: number, options?: SimDiskOptions): SimDisk =>
  new SimDisk(new SimClock(), new SimChance(seed), options)

const run = <T>(disk: SimDisk, work: (disk: SimDisk) => Promise<T>): Promise<T> =>
  disk.clock.runUntil(work(disk))

const filled = (byte: number, bytes = 512): Uint8Array => new Uint8Array(bytes).fill(byte)

/** Content of a file as text, one character for each sector; null when it is absent. */
async function sectors(disk: Disk, path: string): Promise<string | null> {
  let file: DiskFile
  try {
    file = await disk.open(path, { access: 'read' })
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return null
    throw error
  }
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  await file.close()
  return Array.from({ length: Math.ceil(bytes.length / 512) }, (_, i) => bytes[i * 512]).join('')
}

/** What crashes left in `path` after `work`, over many seeds: how often each content was seen. */
async function outcomes(
  path: string,
  work: (disk: SimDisk) => Promise<unknown>,
): Promise<Map<string | null, number>> {
  const seen = new Map<string | null, number>()
  for (let seed = 0; seed < 60; seed++) {
    const disk = simDisk(seed)
    await run(disk, work)
    const left = await run(disk.crash(), (after) => sectors(after, path))
    seen.set(left, (seen.get(left) ?? 0) + 1)
  }
  return seen
}

/** A file of three durable sectors of ones, with a durable name. */
async function base(disk: Disk, path = 'f'): Promise<DiskFile> {
  const file = await disk.open(path, { access: 'write' })
  await file.write([filled(1, 1536)], 0)
  await file.sync()
  await disk.syncDir('')
  return file
}

describe('simulated disk', () => {
  for (const { name, run: runCase } of diskCases) test(name, () => run(simDisk(1), runCase))

  test('what was synced is never lost, nor what was written durable', async () => {
    const synced = await outcomes('f', (disk) => base(disk))
    assert.deepEqual([...synced.keys()], ['111'])
    const durable = await outcomes('f', async (disk) => {
      await base(disk)
      const file = await disk.open('f', { access: 'write', durable: true })
      await file.write([filled(2, 1024)], 1024)
    })
    assert.deepEqual([...durable.keys()], ['1122'])
  })

  test('un-synced writes are lost, kept, and torn', async () => {
    const seen = await outcomes('f', async (disk) => {
      const file = await base(disk)
      await file.write([filled(2, 1536)], 0)
    })
    for (const state of ['111', '222', '211', '121', '112']) assert.ok(seen.has(state), state)
    for (const state of seen.keys()) assert.match(state ?? '', /^[12]{3}$/)
  })

  test('an un-synced size is lost or kept; cut bytes do not come back', async () => {
    const grown = await outcomes('f', async (disk) => {
      const file = await base(disk)
      await file.write([filled(2)], 1536)
    })
    assert.deepEqual([...grown.keys()].sort(), ['111', '1110', '1112'])
    const cut = await outcomes('f', async (disk) => {
      const file = await base(disk)
      await file.truncate(512)
      await file.write([filled(3)], 1024)
    })
    for (const state of cut.keys())
      assert.match(state ?? '', /^(1|10[03]|111|110|101|113|103|100)$/)
    assert.ok(cut.has('1') && cut.has('111') && cut.has('103'))
  })

  test('un-synced names are lost or kept, each rename whole', async () => {
    const created = await outcomes('g', async (disk) => {
      const file = await disk.open('g', { access: 'write' })
      await file.write([filled(1)], 0)
      await file.sync()
    })
    assert.deepEqual([...created.keys()].sort(), ['1', null])
    const removed = await outcomes('f', async (disk) => {
      await base(disk)
      await disk.remove('f')
    })
    assert.deepEqual([...removed.keys()].sort(), ['111', null])
    const renamed = await outcomes('f', async (disk) => {
      await base(disk)
      const file = await disk.open('f.new', { access: 'write' })
      await file.write([filled(2)], 0)
      await file.sync()
      await disk.rename('f.new', 'f')
    })
    assert.deepEqual([...renamed.keys()].sort(), ['111', '2'])
    const settled = await outcomes('h', async (disk) => {
      await base(disk)
      await disk.rename('f', 'h')
      await disk.syncDir('')
    })
    assert.deepEqual([...settled.keys()], ['111'])
  })

  test('a folder made is there with its parents', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = simDisk(seed)
      await run(disk, (d) => d.makeDir('a/b'))
      assert.deepEqual(await run(disk.crash(), (d) => d.list('a')), ['b'])
    }
  })

  test('after a failed sync bytes are seen, the next succeeds, a crash loses them', async () => {
    const seen = await outcomes('f', async (disk) => {
      const file = await base(disk)
      await file.write([filled(2)], 0)
      disk.faults.failNext('sync', 'EIO')
      await assert.rejects(file.sync(), { code: 'EIO' })
      await file.sync()
      assert.equal(await sectors(disk, 'f'), '211')
    })
    assert.deepEqual([...seen.keys()], ['111'])
  })

  test('a failed write may have written a part', async () => {
    const disk = simDisk(3)
    await run(disk, async () => {
      const file = await base(disk)
      disk.faults.failNext('write', 'ENOSPC')
      await assert.rejects(file.write([filled(2, 1536)], 0), { code: 'ENOSPC' })
      assert.match((await sectors(disk, 'f')) ?? '', /^2*1*$/)
    })
  })

  test('the disk runs full, slow ones are slow, bits flip', async () => {
    const disk = simDisk(4, { capacityBytes: 1 << 16, slowOneIn: 1 })
    await run(disk, async () => {
      const file = await base(disk)
      assert.ok(disk.clock.monotonic() > 100)
      await assert.rejects(file.write([filled(1, 1 << 17)], 0), { code: 'ENOSPC' })
      await file.sync()
      disk.flipBit('f', 512, 1)
      assert.match((await sectors(disk, 'f')) ?? '', /^13111/)
    })
    assert.match((await run(disk.crash(), (d) => sectors(d, 'f'))) ?? '', /^13111/)
  })

  test('callers are checked: memory that changes under a write, memory not allocated', async () => {
    const disk = simDisk(5)
    const memory = disk.allocate(4096)
    const file = await run(disk, async () => {
      const opened = await disk.open('f', { access: 'write', direct: true })
      await assert.rejects(opened.write([new Uint8Array(4096)], 0), /Disk.allocate/)
      return opened
    })
    void file.write([memory], 0)
    await disk.clock.run(1)
    memory[0] = 1
    await assert.rejects(disk.clock.run(1), /memory changed/)
  })

  test('the same seed takes the same steps, another seed others', async () => {
    const hash = async (seed: number): Promise<number> => {
      const disk = simDisk(seed, { slowOneIn: 5, failedWriteOneIn: 7 })
      await run(disk, async () => {
        const file = await disk.open('f', { access: 'write' })
        await Promise.allSettled(
          Array.from({ length: 20 }, (_, i) => file.write([filled(i)], i * 100)),
        )
        await file.sync()
      })
      const left = disk.crash()
      await run(left, (d) => sectors(d, 'f'))
      return disk.clock.traceHash
    }
    assert.equal(await hash(1), await hash(1))
    assert.notEqual(await hash(1), await hash(2))
  })
})
