// What clients of queues write down while they load a broker, so that it is known after everything
// died: a line before each thing that may take effect, and one when it is confirmed. And what the
// queues of that load are.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/**
 * Consumers take from `work` and `ranked`; `brief` expires into `late`; `dead` has the rejected.
 */
export const letterQueues = { work: 'dead', ranked: 'dead', brief: 'late' } as const
export type Source = keyof typeof letterQueues
export const sources = Object.keys(letterQueues) as Source[]
export const allQueues = [...sources, 'dead', 'late'] as const
/** To `work` and `ranked`. */
export const fanout = 'both'

/** Where a message goes, by the letter in the ledger. */
export const routes: Readonly<Record<string, readonly Source[]>> = {
  w: ['work'],
  r: ['ranked'],
  b: ['brief'],
  f: ['work', 'ranked'],
}

/** Of each copy, `queue key`. */
export interface QueueLedger {
  /** Everything that may be found. */
  readonly sent: ReadonlySet<string>
  readonly confirmed: ReadonlySet<string>
  /** May be settled, */
  readonly accepted: ReadonlySet<string>
  /** or moved. */
  readonly rejected: ReadonlySet<string>
  /** Confirmed by what was published behind it on the same channel. */
  readonly surelyAccepted: ReadonlySet<string>
  readonly surelyRejected: ReadonlySet<string>
}

export const copyOf = (queue: string, key: string): string => `${queue} ${key}`

export const noteSent = (path: string, key: string, route: string): void =>
  appendFileSync(path, `s ${route} ${key}\n`)

export const noteConfirmed = (path: string, key: string, route: string): void =>
  appendFileSync(path, `c ${route} ${key}\n`)

export interface Settlement {
  readonly kind: 'a' | 'j'
  readonly queue: string
  readonly key: string
}

/** An acknowledgement, or a rejection that does not requeue. */
export const noteSettling = (path: string, { kind, queue, key }: Settlement): void =>
  appendFileSync(path, `${kind} ${queue} ${key}\n`)

export function noteSettled(path: string, settlements: readonly Settlement[]): void {
  const lines = settlements.map(({ kind, queue, key }) => `${kind.toUpperCase()} ${queue} ${key}\n`)
  if (lines.length > 0) appendFileSync(path, lines.join(''))
}

/** A last line that its writer did not finish is left out. */
export function readQueueLedger(path: string): QueueLedger {
  const of: Record<string, Set<string>> = {}
  for (const kind of 'scajAJ') of[kind] = new Set()
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  for (const line of lines) {
    const [kind = '', where = '', key = ''] = line.split(' ')
    const queues = kind === 's' || kind === 'c' ? (routes[where] ?? []) : [where]
    for (const queue of queues) of[kind]?.add(copyOf(queue, key))
  }
  const { s, c, a, j, A, J } = of as Record<'s' | 'c' | 'a' | 'j' | 'A' | 'J', Set<string>>
  return {
    sent: s,
    confirmed: c,
    accepted: a,
    rejected: j,
    surelyAccepted: A,
    surelyRejected: J,
  }
}
