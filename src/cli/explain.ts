// Why a broker did not start, where the person who started it can do something about it. What is
// not in here is a bug. Called by start.ts.
import { CorruptFileError } from '../io/corrupt-file.ts'
import { DiskError } from '../io/disk.ts'
import { showAddress } from '../io/network.ts'
import type { TextKey } from './texts-en.ts'
import { UsageError } from './usage-error.ts'

/** Null: nobody but us can put it right. `dir` is the folder of the data, '' in memory. */
export function explain(error: unknown, dir: string): UsageError | null {
  if (!(error instanceof Error)) return null
  if (error instanceof CorruptFileError || error.name === 'DamagedLogError')
    return new UsageError('dataDamaged', { dir, problem: error.message })
  if (!(error instanceof DiskError)) return null
  const { cause } = error
  if (isListenFault(cause)) {
    const key = listenFaults[error.code]
    const address = showAddress({ host: cause.address ?? cause.hostname ?? '', port: cause.port })
    return key === undefined ? null : new UsageError(key, { address })
  }
  const key = diskFaults[error.code]
  if (key === undefined) return null
  return new UsageError(key, { dir, code: error.code, problem: error.message })
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
  ENOENT: 'dataForbidden',
  ENOTDIR: 'dataNotFolder',
  EEXIST: 'dataNotFolder',
  ENOSPC: 'diskFull',
  EDQUOT: 'diskFull',
}

interface ListenFault {
  readonly syscall: string
  readonly port: number
  readonly address?: string
  readonly hostname?: string
}

/** The system's error for an address that cannot be listened on; see node:net. */
function isListenFault(cause: unknown): cause is ListenFault {
  const { syscall } = (cause ?? {}) as Partial<ListenFault>
  return syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo'
}
