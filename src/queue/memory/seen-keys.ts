// The keys of messages that passed by lately, so that one that comes again can be left out. The key
// is what a header of the message says. Memory only: after a restart nothing has been seen. Bounded
// for each, and for all of a node together; the oldest key goes first. Queues and exchanges that
// ask for it have one each.
import { createHash } from 'node:crypto'
import type { FieldValue } from '../../model/message/field.ts'
import { integerOf } from '../../model/message/field.ts'
import type { MessageView } from '../../model/message/message.ts'
import { placeOf, property } from '../../model/message/properties.ts'

export interface SeenKeysOptions {
  /** The name of the header. */
  readonly header: string
  readonly sizeMax: number
  /** For how long a key counts. Infinity: until newer ones have pushed it out. */
  readonly ttlMs: number
}

/** How many keys all of a node may hold together. */
export class KeyBudget {
  #left: number

  constructor(keysMax: number) {
    this.#left = keysMax
  }

  take(): boolean {
    if (this.#left <= 0) return false
    this.#left--
    return true
  }

  giveBack(keys: number): void {
    this.#left += keys
  }
}

/** Longer ones are kept as their digest. */
const keyBytesMax = 64
/** Of one message: how long its key counts. */
const ttlHeader = 'x-cache-ttl'

export class SeenKeys {
  readonly #options: SeenKeysOptions
  readonly #budget: KeyBudget
  /** When each stops to count, the oldest first. */
  readonly #untilMs = new Map<string, number>()

  constructor(options: SeenKeysOptions, budget: KeyBudget) {
    this.#options = options
    this.#budget = budget
  }

  /** Whether a message with its key was noted, which counts yet. */
  has(message: MessageView, nowMs: number): boolean {
    const key = this.#keyOf(message)
    return key !== null && (this.#untilMs.get(key) ?? 0) > nowMs
  }

  note(message: MessageView, nowMs: number): void {
    const key = this.#keyOf(message)
    if (key === null) return
    this.#forget(key)
    if (this.#untilMs.size >= this.#options.sizeMax) this.#forgetOldest()
    if (!this.#budget.take()) {
      this.#forgetOldest()
      if (!this.#budget.take()) return
    }
    const ownTtlMs = integerOf(message.headers.get(ttlHeader)) ?? 0
    this.#untilMs.set(key, nowMs + (ownTtlMs > 0 ? ownTtlMs : this.#options.ttlMs))
  }

  #keyOf({ properties, headers }: MessageView): string | null {
    if (placeOf(properties, property.headers) < 0) return null
    const field = headers.get(this.#options.header)
    return field === undefined ? null : textOf(field)
  }

  #forget(key: string): void {
    if (this.#untilMs.delete(key)) this.#budget.giveBack(1)
  }

  #forgetOldest(): void {
    for (const key of this.#untilMs.keys()) {
      this.#forget(key)
      return
    }
  }

  /** Whose keys they are is gone. */
  clear(): void {
    this.#budget.giveBack(this.#untilMs.size)
    this.#untilMs.clear()
  }
}

/** Null: such a value is no key. Those of different kinds are never the same. */
function textOf(field: FieldValue): string | null {
  switch (field.type) {
    case 'S':
    case 'x':
      return field.value.length > keyBytesMax
        ? `d${createHash('sha256').update(field.value).digest('base64')}`
        : `s${Buffer.from(field.value).toString('latin1')}`
    case 'A':
    case 'F':
    case 'V':
    case 'D':
      return null
    default:
      return `n${field.value}`
  }
}
