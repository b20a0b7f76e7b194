// Why a broker did not start, where the person who started it can do something about it. What is
// not in here is a bug. Called by start.ts.
import { CorruptFileError } from '../io/corrupt-file.ts'
import { DiskError } from '../io/disk.ts'
import { ListenError, showAddress } from '../io/network.ts'
import type { TextKey } from './texts-en.ts'
import { UsageError } from './usage-error.ts'

/** Null: nobody but us can put it right. `dir` is the folder of the data, '' in memory. */
export function explain(error: unknown, dir: string): UsageError | null {
  if (!(error instanceof Error)) return null
  if (error instanceof CorruptFileError || error.name === 'DamagedLogError')
    return new UsageError('dataDamaged', { dir, problem: error.message })
  if (error.name === 'DataFormatError' || error.name === 'StoreFormatError')
    return new UsageError('dataUnknown', { dir, problem: error.message })
  if (error.name === 'OtherNodeError')
    return new UsageError('dataOfOther', { dir, problem: error.message })
  if (error.name === 'BadSettingError' || error.name === 'KafkaVhostError')
    return new UsageError('settingImpossible', { problem: error.message })
  if (error instanceof ListenError) {
    const key = listenFaults[error.code]
    const address = showAddress(error.address)
    return key === undefined ? null : new UsageError(key, { address })
  }
  if (!(error instanceof DiskError)) return null
  const key = diskFaults[error.code]
  if (key === undefined) return null
  const [, pid = '?'] = /process (\d+)/.exec(error.message) ?? []
  return new UsageError(key, { dir, code: error.code, problem: error.message, pid })
}

const listenFaults: Readonly<Record<string, TextKey>> = {
  EADDRINUSE: 'portInUse',
  EACCES: 'portForbidden',
  EPERM: 'portForbidden',
  EADDRNOTAVAIL: 'addressUnknown',
  EAFNOSUPPORT: 'addressUnknown',
  EINVAL: 'addressUnknown',
  ENOTFOUND: 'addressUnknown',
  EAI_AGAIN: 'addressUnknown',
}

const diskFaults: Readonly<Record<string, TextKey>> = {
  EBUSY: 'dataInUse',
  EACCES: 'dataForbidden',
  EPERM: 'dataForbidden',
  EROFS: 'dataForbidden',
  ENOENT: 'dataImpossible',
  ENOTDIR: 'dataNotFolder',
  EEXIST: 'dataNotFolder',
  EIO: 'dataUnreadable',
  EISDIR: 'dataUnreadable',
  ELOOP: 'dataUnreadable',
  ENXIO: 'dataUnreadable',
  ESTALE: 'dataUnreadable',
  EUCLEAN: 'dataUnreadable',
  EMFILE: 'filesExhausted',
  ENFILE: 'filesExhausted',
  ENOSPC: 'diskFull',
  EDQUOT: 'diskFull',
}
