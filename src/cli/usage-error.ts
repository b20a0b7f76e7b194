// Something in how the command was started that the person who did it can put right. Thrown by
// whatever reads arguments, environment and files; caught in one place, run.ts, which says it in
// one line and exits with 2.
import type { TextKey } from './texts-en.ts'

export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly key: TextKey
  readonly values: Readonly<Record<string, string | number>>
  constructor(key: TextKey, values: Readonly<Record<string, string | number>> = {}) {
    super(`${key} ${JSON.stringify(values)}`)
    this.key = key
    this.values = values
  }
}
