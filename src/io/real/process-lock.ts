// A folder taken by one process: the file LOCK in it names the holder. Invariant: LOCK is never
// seen half written, because it is made under another name and linked into place, which fails when
// it exists. The holder lives as long as it shows a sign of life beside LOCK. Where there are no
// such signs its process id decides, with the time at which that process started; ids mean nothing
// across containers, so that there two of them which share a folder are not kept apart. A dead
// holder is replaced. Made by real-disk.ts.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { DiskError } from '../disk.ts'
import { showLife, showsLife } from '../life-sign.ts'
import { ignoreOnly, systemCall } from '../system-call.ts'

interface Holder {
  readonly pid: number
  /** Boot and start time of the process, where the system tells them; else ''. */
  readonly born: string
  /** Name of its sign of life in the folder; '': it shows none. */
  readonly sign: string
}

/** Takes `folder` (an absolute path) or rejects with EBUSY; resolves to the release. */
export async function lockFolder(
  folder: string,
  link: typeof fs.link,
): Promise<{ release(): Promise<void> }> {
  const file = path.join(folder, 'LOCK')
  const own = `${file}.${randomBytes(6).toString('hex')}`
  const life = await showLife(folder, `${path.basename(own)}.sock`)
  const sign = life === null ? '' : ` ${path.basename(own)}.sock`
  try {
    await put(own, `${process.pid} ${birthOf(process.pid)}${sign}\n`)
    await take(folder, file, own, link)
  } catch (error) {
    await life?.end()
    throw error
  } finally {
    await unlink(own)
  }
  return {
    release: async () => {
      await unlink(file)
      await life?.end()
    },
  }
}

async function take(
  folder: string,
  file: string,
  own: string,
  link: typeof fs.link,
): Promise<void> {
  for (let attempt = 0; !(await linked(own, file, link)); attempt++) {
    const holder = await holderOf(file)
    if (holder === null) continue
    if (attempt > 10 || (await isAlive(folder, holder)))
      throw new DiskError('EBUSY', `${folder} is in use by process ${holder.pid}`)
    await displace(file, own, holder, link)
    if (holder.sign !== '') await unlink(path.join(folder, holder.sign))
  }
}

/** Moves a dead holder's file aside; if another process was faster, its file is put back. */
async function displace(
  file: string,
  own: string,
  dead: Holder,
  link: typeof fs.link,
): Promise<void> {
  const aside = `${own}.stale`
  try {
    await systemCall<void>(`rename ${file}`, (done) => fs.rename(file, aside, (e) => done(e)))
  } catch (error) {
    return ignoreOnly(error, 'ENOENT')
  }
  const moved = await holderOf(aside)
  if (moved && !isSame(moved, dead)) await linked(aside, file, link)
  await unlink(aside)
}

const isSame = (a: Holder, b: Holder): boolean =>
  a.pid === b.pid && a.born === b.born && a.sign === b.sign

async function linked(from: string, to: string, link: typeof fs.link): Promise<boolean> {
  try {
    await systemCall<void>(`link ${to}`, (done) => link(from, to, (e) => done(e)))
    return true
  } catch (error) {
    if (error instanceof DiskError && lacksLinks.has(error.code)) return copied(from, to)
    ignoreOnly(error, 'EEXIST')
    return false
  }
}

/** As FAT and some network file systems answer: they have no second names. */
const lacksLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Exclusive as well, but for the moment in which the file is there and empty. */
async function copied(from: string, to: string): Promise<boolean> {
  const { COPYFILE_EXCL } = fs.constants
  try {
    await systemCall<void>(`copy ${to}`, (done) =>
      fs.copyFile(from, to, COPYFILE_EXCL, (e) => done(e)),
    )
    return true
  } catch (error) {
    ignoreOnly(error, 'EEXIST')
    return false
  }
}

async function holderOf(file: string): Promise<Holder | null> {
  try {
    const text = await systemCall<string>(`read ${file}`, (d) => fs.readFile(file, 'latin1', d))
    const match = /^(\d{1,10}) (\S*)(?: (LOCK\.[0-9a-f]+\.sock))?\n$/.exec(text)
    return { pid: Number(match?.[1] ?? 0), born: match?.[2] ?? '', sign: match?.[3] ?? '' }
  } catch (error) {
    ignoreOnly(error, 'ENOENT')
    return null
  }
}

async function isAlive(folder: string, holder: Holder): Promise<boolean> {
  if (holder.pid === 0) return false
  if (holder.sign !== '') return showsLife(folder, holder.sign)
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const born = birthOf(holder.pid)
  return born === '' || holder.born === '' || born === holder.born
}

/**
 * proc(5): the 22nd field of stat is the start time, counted behind the name, which may hold
 * spaces.
 */
function birthOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}:${started}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return ''
  }
}

async function put(file: string, text: string): Promise<void> {
  await systemCall<void>(`write ${file}`, (done) =>
    fs.writeFile(file, text, { mode: 0o600 }, (e) => done(e)),
  )
}

async function unlink(file: string): Promise<void> {
  try {
    await systemCall<void>(`unlink ${file}`, (done) => fs.unlink(file, (e) => done(e)))
  } catch (error) {
    ignoreOnly(error, 'ENOENT')
  }
}
