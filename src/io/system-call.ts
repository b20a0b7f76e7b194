// The one bridge from Node's callback API to promises that reject with DiskError. The callback API
// is used instead of fs.promises because a raw descriptor costs no FileHandle object per call.
import { DiskError } from './disk.ts'

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void

/** Starts a call and waits for it; `what` and the system's own text make the message. */
export function systemCall<T>(what: string, start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error) reject(diskError(what, error))
      else resolve(value)
    })
  })
}

export function diskError(what: string, cause: NodeJS.ErrnoException): DiskError {
  return new DiskError(cause.code ?? 'EUNKNOWN', `${what}: ${cause.message}`, { cause })
}

/** Rethrows `error` unless it is a DiskError with one of `codes`. */
export function ignoreOnly(error: unknown, ...codes: readonly string[]): void {
  if (!(error instanceof DiskError && codes.includes(error.code))) throw error
}
