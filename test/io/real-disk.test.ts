import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DiskError } from '../../src/io/disk.ts'
import { realDisk } from '../../src/io/real-disk.ts'
import { diskCases } from '../contract/disk.ts'

const inTemporary = async (run: (root: string) => Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'disk-'))
  try {
    await run(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('real disk', () => {
  for (const { name, run } of diskCases)
    test(name, () => inTemporary((root) => run(realDisk(root))))

  test('the root is created with its parents', () =>
    inTemporary(async (root) => {
      await realDisk(join(root, 'a/b')).makeDir('')
      assert.deepEqual(readdirSync(join(root, 'a')), ['b'])
    }))

  test('the error keeps the code and the cause', () =>
    inTemporary(async (root) => {
      const error: unknown = await realDisk(root)
        .open('f', { access: 'read' })
        .catch((e) => e)
      assert.ok(error instanceof DiskError)
      assert.equal(error.code, 'ENOENT')
      assert.equal((error.cause as NodeJS.ErrnoException).syscall, 'open')
    }))

  test('a lock names its holder, and leaves nothing behind', () =>
    inTemporary(async (root) => {
      const disk = realDisk(root)
      const lock = await disk.lock('')
      assert.match(readFileSync(join(root, 'LOCK'), 'latin1'), new RegExp(`^${process.pid} `))
      await assert.rejects(disk.lock(''), new RegExp(`in use by process ${process.pid}`))
      await lock.release()
      assert.deepEqual(readdirSync(root), [])
    }))

  test('the lock of a dead process, of a reused pid and of nobody are taken over', () =>
    inTemporary(async (root) => {
      const dead = spawnSync(process.execPath, ['-e', '']).pid
      const stale = [`${dead} \n`, '', 'rubbish']
      if (process.platform === 'linux') stale.push(`${process.pid} another-boot:1\n`)
      for (const holder of stale) {
        writeFileSync(join(root, 'LOCK'), holder)
        await (await realDisk(root).lock('')).release()
        assert.deepEqual(readdirSync(root), [])
      }
    }))
})
