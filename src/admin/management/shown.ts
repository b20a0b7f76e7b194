// Numbers with their rates, as RabbitMQ writes them: {"publish": 5, "publish_details": {"rate":
// 1}}.
import type { Numbers } from './numbers.ts'
import type { Rates } from './rates.ts'

/** `nameOf`: under which name the rate of a number is kept, where it is another. */
export function withRates(
  numbers: Numbers,
  rates: Rates,
  owner: object,
  nameOf: (name: string) => string = (name) => name,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, count] of Object.entries(numbers)) {
    shown[name] = count
    shown[`${name}_details`] = { rate: rates.of(owner, nameOf(name)) }
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
