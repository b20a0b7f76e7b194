// Why a start failed, in the words of the command line.
import assert from 'node:assert/strict'
import test from 'node:test'
import { DataFormatError } from '../../src/broker/data-format.ts'
import { OtherNodeError } from '../../src/broker/identity.ts'
import { KafkaVhostError } from '../../src/broker/kafka-vhost.ts'
import { explain } from '../../src/cli/explain.ts'
import { CorruptFileError } from '../../src/io/corrupt-file.ts'
import { DiskError } from '../../src/io/disk.ts'
import { ListenError } from '../../src/io/network.ts'
import { BadSettingError } from '../../src/start-broker.ts'

const at = { host: 'no.such.host', port: 9092 }

const explained: readonly [unknown, string, RegExp][] = [
  [new ListenError('EADDRINUSE', at), 'portInUse', /no\.such\.host:9092/],
  [new ListenError('EACCES', at), 'portForbidden', /no\.such\.host:9092/],
  [new ListenError('ENOTFOUND', at), 'addressUnknown', /no\.such\.host:9092/],
  [new ListenError('EADDRNOTAVAIL', { host: '::2', port: 0 }), 'addressUnknown', /\[::2\]:0/],
  [new DiskError('EBUSY', 'in use by process 7'), 'dataInUse', /process 7/],
  [new DiskError('ENOSPC', 'write x: no space'), 'diskFull', /folder/],
  [new DiskError('EROFS', 'mkdir'), 'dataForbidden', /EROFS/],
  [new DiskError('ENOENT', 'mkdir /proc/x: ENOENT'), 'dataImpossible', /proc\/x/],
  [new DiskError('EIO', 'read /d/manifest: EIO'), 'dataUnreadable', /d\/manifest/],
  [new DiskError('EISDIR', 'read /d/x.wal: EISDIR'), 'dataUnreadable', /x\.wal/],
  [new DiskError('ELOOP', 'open /d/format: ELOOP'), 'dataUnreadable', /format/],
  [new DiskError('EMFILE', 'open /d/format: EMFILE'), 'filesExhausted', /EMFILE/],
  [new DataFormatError('it has format 2'), 'dataUnknown', /format 2/],
  [new OtherNodeError('it is that of node 1'), 'dataOfOther', /node 1/],
  [new CorruptFileError('manifest', 9, 'bad'), 'dataDamaged', /manifest is corrupt at byte 9/],
  [new KafkaVhostError('x is that of y'), 'settingImpossible', /that of y/],
  [new BadSettingError('x needs y'), 'settingImpossible', /x needs y/],
]

test('faults that the person who starts it can put right', () => {
  for (const [error, key, words] of explained) {
    const usage = explain(error, 'folder')
    assert.equal(usage?.key, key)
    assert.match(JSON.stringify(usage?.values), words)
  }
})

test('what nobody but us can put right is a bug', () => {
  for (const error of [new Error('x'), new DiskError('EBADF', 'x'), 'text', undefined])
    assert.equal(explain(error, 'folder'), null)
})
