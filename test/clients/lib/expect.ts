// What the scenario compares, and how it says what differs.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Offsets, Sent, Taken } from './commands.ts'

const pollMs = 50

/** Polls until `done` says so; its last `problem` is the message when time is up. */
export const eventually = async (
  done: () => Promise<string | null>,
  timeoutMs = 30_000,
): Promise<void> => {
  const end = performance.now() + timeoutMs
  for (;;) {
    const problem = await done()
    if (problem === null) return
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms still: ${problem}`)
    await sleep(pollMs)
  }
}

type Expected = Sent & { readonly header: string }

/** Long values would drown the difference. */
const short = (text: string): string =>
  text.length > 300 ? `${text.slice(0, 300)}... (${text.length})` : text

const byPartition = <R extends { readonly partition: number }>(records: readonly R[]): R[] =>
  [...records].sort((a, b) => a.partition - b.partition)

const line = (record: Expected | Taken, withTimes: boolean): string => {
  const { partition, key, value, header, timestampMs } = record
  return JSON.stringify({ partition, key, header, value, ...(withTimes ? { timestampMs } : {}) })
}

/** Keys that came more or less often than once, in a few words. */
const counted = (taken: readonly Taken[], sent: readonly Expected[]): string => {
  const count = new Map(sent.map(({ key }) => [key, 0]))
  for (const { key } of taken) count.set(key, (count.get(key) ?? 10) + 1)
  const named = (what: string, is: (n: number) => boolean): string => {
    const keys = [...count].filter(([, n]) => is(n)).map(([key]) => key)
    return keys.length === 0 ? '' : `; ${what}: ${short(keys.join(' '))}`
  }
  const missing = named('missing', (n) => n === 0)
  const again = named('more than once', (n) => n > 1 && n < 11)
  const strange = named('not sent', (n) => n > 10)
  return `sent ${sent.length}, came ${taken.length}${missing}${again}${strange}`
}

/**
 * Every record sent was taken exactly once and nothing else was: same partition, same order in it,
 * same key, value, header and, if the client can set it, same time; offsets rise.
 */
export const sameRecords = (
  taken: readonly Taken[],
  sent: readonly Expected[],
  withTimes: boolean,
): void => {
  const got = byPartition(taken).map((record) => line(record, withTimes))
  const wanted = byPartition(sent).map((record) => line(record, withTimes))
  const at = wanted.findIndex((text, i) => text !== got[i])
  if (at !== -1 || got.length !== wanted.length) {
    const first =
      at === -1 ? '' : `\nwanted ${short(wanted[at] ?? '')}\ngot ${short(got[at] ?? '')}`
    throw new Error(`${counted(taken, sent)}${first}`)
  }
  const last = new Map<number, number>()
  for (const { partition, offset } of taken) {
    const before = last.get(partition) ?? -1
    assert.ok(offset > before, `partition ${partition}: offset ${offset} came after ${before}`)
    last.set(partition, offset)
  }
}

/** The same offsets, each partition's. */
export const sameOffsets = (got: Offsets, expected: Offsets): void => {
  assert.deepEqual({ ...got }, { ...expected })
}
