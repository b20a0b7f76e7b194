// Numbers with their rates, as RabbitMQ writes them: {"publish": 5, "publish_details": {"rate":
// 1}}.
import type { Numbers } from './numbers.ts'
import type { Rates, Sampled } from './rates.ts'

/** Where rates come from, and for who asks for a history, samples, the newest first. */
export interface ShownRates {
  of(owner: object, name: string): number
  /** Null: it is not idle, as far as is known. */
  idleSince(owner: object): number | null
  samples?(owner: object, name: string, count: number): readonly Sampled[]
}

/** A history of two: now, and when the rates were looked at last. */
export class SampledRates implements ShownRates {
  readonly #rates: Rates
  readonly #nowMs: number

  constructor(rates: Rates, nowMs: number) {
    this.#rates = rates
    this.#nowMs = nowMs
  }

  of(owner: object, name: string): number {
    return this.#rates.of(owner, name)
  }

  idleSince(owner: object): number | null {
    return this.#rates.idleSince(owner)
  }

  samples(owner: object, name: string, count: number): readonly Sampled[] {
    const before = this.#rates.before(owner, name)
    const now = { sample: count, timestamp: this.#nowMs }
    return before === null ? [now] : [now, before]
  }
}

/** What is idle since then, as RabbitMQ writes it; nothing for null. */
export const idleShown = (sinceMs: number | null): { readonly idle_since?: string } =>
  sinceMs === null ? {} : { idle_since: new Date(sinceMs).toISOString().replace('Z', '+00:00') }

/** `nameOf`: under which name the rate of a number is kept, where it is another. */
export function withRates(
  numbers: Numbers,
  rates: ShownRates,
  owner: object,
  nameOf: (name: string) => string = (name) => name,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, count] of Object.entries(numbers)) {
    shown[name] = count
    const kept = nameOf(name)
    const samples = rates.samples?.(owner, kept, count)
    shown[`${name}_details`] = { rate: rates.of(owner, kept), ...(samples && { samples }) }
  }
  return shown
}

/** The same as `message_stats`; nothing where nothing has happened yet. */
export function messageStats(...parts: Parameters<typeof withRates>): {
  readonly message_stats?: Record<string, unknown>
} {
  const [numbers] = parts
  if (Object.values(numbers).every((count) => count === 0)) return {}
  return { message_stats: withRates(...parts) }
}
