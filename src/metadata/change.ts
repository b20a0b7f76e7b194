// How a change is made to something that others may change at the same time: decide on the image,
// compare with the revision that was seen, and when it has moved on, decide again on the newer
// image.
import { type Refusal, type Result, refuse } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import type { MetadataStore, Txn } from './store.ts'

/**
 * What to write, and what to answer when it was written; a null txn: nothing needs to be written.
 */
export type Decision<T> = Result<{ readonly txn: Txn | null; readonly answer: T }>

/** `decide` looks at the image of the moment; it may be called several times. */
export async function change<T>(
  store: MetadataStore,
  decide: () => Decision<T>,
): Promise<Result<T>> {
  for (let tries = 0; tries < limits.metadataRetries; tries++) {
    const decision = decide()
    if (!decision.ok) return decision
    const { txn, answer } = decision.value
    if (!txn || (await store.txn(txn)).ok) return { ok: true, value: answer }
  }
  return tooBusy()
}

const tooBusy = (): { ok: false } & Refusal =>
  refuse('resourceExhausted', 'others keep changing the same thing; try again')
