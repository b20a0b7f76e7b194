// Paths as every disk takes them: relative, '/' between the names, no way out of the root. A wrong
// one is a bug of ours, since no path may ever hold a name that came from the network.
import { assert } from '../base/assert.ts'

/** The names along `path`; [] for the root itself ('' or '.'). */
export function pathNames(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  assert(!path.startsWith('/') && !path.includes('\\') && !path.includes('\0'), `bad path ${path}`)
  assert(!names.includes('..'), `path ${path} leaves the root`)
  return names
}
