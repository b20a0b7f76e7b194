// What a loading process writes down while it produces, so that it is known after everything died:
// each batch before it is sent, and where it went when it is acknowledged. One line each, in one
// file.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

export interface Acknowledged {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Ledger {
  /** Every key that may be found. */
  readonly sent: ReadonlySet<string>
  readonly acked: ReadonlyMap<string, Acknowledged>
}

/** A batch is named by its first number; its records are `name/0`, `name/1`, ... */
export const keyOf = (batch: string, i: number): string => `${batch}/${i}`

/** Content follows from the key, so that a reader can tell whether it is whole. */
export const contentOf = (key: string): string => key.padEnd(40 + ((key.length * 37) % 400), key)

export function noteSent(path: string, batch: string, records: number): void {
  appendFileSync(path, `s ${batch} ${records}\n`)
}

export function noteAcked(path: string, batch: string, records: number, at: Acknowledged): void {
  appendFileSync(path, `a ${batch} ${records} ${at.topic} ${at.partition} ${at.offset}\n`)
}

/** A last line that its writer did not finish is left out. */
export function readLedger(path: string): Ledger {
  const sent = new Set<string>()
  const acked = new Map<string, Acknowledged>()
  if (!existsSync(path)) return { sent, acked }
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const [kind, batch = '', records, topic = '', partition, offset] = line.split(' ')
    for (let i = 0; i < Number(records); i++) {
      const key = keyOf(batch, i)
      if (kind === 's') sent.add(key)
      else acked.set(key, { topic, partition: Number(partition), offset: Number(offset) + i })
    }
  }
  return { sent, acked }
}
