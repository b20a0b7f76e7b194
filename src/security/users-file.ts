// The users of a node as people write them: a file of lines NAME=PASSWORD. Empty lines and lines
// that start with # say nothing; a password is everything behind the first '=', blanks included.
// What is refused is told by line number and never by its content, which may be a password. Called
// when a node starts.
import type { Disk } from '../io/disk.ts'
import { readSmallFile } from '../io/small-file.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import type { UserPassword } from './credentials.ts'

/** Each user costs some milliseconds at the start. */
export const usersMax = 1000
const fileBytesMax = 1 << 20

/** The users in the file `name`. Rejects with DiskError when it cannot be read. */
export async function readUsers(disk: Disk, name: string): Promise<Result<UserPassword[]>> {
  const bytes = await readSmallFile(disk, name, fileBytesMax)
  if (bytes === null) return refuse('invalidConfig', `more than ${fileBytesMax} bytes`)
  return parseUsers(Buffer.from(bytes).toString('utf8'))
}

export function parseUsers(text: string): Result<UserPassword[]> {
  const users = new Map<string, UserPassword>()
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const at = line.indexOf('=')
    const user = line.slice(0, Math.max(at, 0)).trim()
    const password = line.slice(at + 1)
    if (user === '' || password === '' || line.includes('\0'))
      return refuse('invalidConfig', `line ${index + 1} is not of the form NAME=PASSWORD`)
    if (users.has(user))
      return refuse('invalidConfig', `line ${index + 1} names a user a second time`)
    users.set(user, { user, password })
    if (users.size > usersMax) return refuse('invalidConfig', `more than ${usersMax} users`)
  }
  if (users.size === 0) return refuse('invalidConfig', 'it has no line NAME=PASSWORD')
  return ok([...users.values()])
}
