// CPU time and memory of a process, read from /proc (Linux). Proc files have no length, so they are
// read whole; a process that is gone is an error.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Kernel ticks a second in /proc: 100 on every Linux that user space can see (USER_HZ). */
const ticksPerSecond = 100

/** Seconds of user and system time of all threads, those that have ended included. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the name in parentheses and may hold spaces; count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [userTicks, systemTicks] = [fields[11], fields[12]]
  return (Number(userTicks) + Number(systemTicks)) / ticksPerSecond
}

export interface Memory {
  /** Resident now, in MB of 10^6 bytes. */
  readonly residentMb: number
  /** The most that was ever resident. */
  readonly peakMb: number
}

export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (field: string): number => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]
    if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`)
    return (Number(kib) * 1024) / 1e6
  }
  return { residentMb: mb('VmRSS'), peakMb: mb('VmHWM') }
}

const quietShare = 0.06
const windowMs = 500
const quietWindows = 2
const quietMsMax = 30_000

/**
 * Waits until the process has used less than 6 % of a core for a second, at most 30 s. So work that
 * a broker puts off until after its answers (flushing, compiling, collecting) is counted as its
 * work.
 */
export async function untilQuiet(pid: number): Promise<void> {
  let quiet = 0
  for (let waited = 0; waited < quietMsMax && quiet < quietWindows; waited += windowMs) {
    const before = cpuSeconds(pid)
    await sleep(windowMs)
    const share = (cpuSeconds(pid) - before) / (windowMs / 1000)
    quiet = share < quietShare ? quiet + 1 : 0
  }
}

/**
 * Runs the load and returns what it returns, with the CPU seconds it cost the process until quiet.
 */
export async function withCpu<T>(pid: number, load: () => Promise<T>): Promise<[T, number]> {
  const before = cpuSeconds(pid)
  const result = await load()
  await untilQuiet(pid)
  return [result, cpuSeconds(pid) - before]
}
