// A file that is read whole because it is small: certificates, users. Whoever names a file that is
// not small is told so instead of filling the memory.
import type { Disk } from './disk.ts'

/** Null: it has more than `bytesMax`. Rejects with DiskError when it cannot be read. */
export async function readSmallFile(
  disk: Disk,
  name: string,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const file = await disk.open(name, { access: 'read' })
  try {
    const bytes = new Uint8Array(Math.min(await file.size(), bytesMax + 1))
    const n = await file.read(bytes, 0)
    return n > bytesMax ? null : bytes.subarray(0, n)
  } finally {
    await file.close()
  }
}
