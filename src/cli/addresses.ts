// Addresses as people write them: NAME=HOST:PORT, with an IPv6 host in brackets. Called by
// start-options.ts.
import type { Address } from '../io/network.ts'
import type { Sourced } from './layer.ts'
import { UsageError } from './usage-error.ts'

const form = /^([^=]+)=(?:\[([^\]]+)\]|([^:[\]]+)):([^:]+)$/

/** The addresses in `entries` by name; every name must be one of `names`, and stand once. */
export function parseAddresses<Name extends string>(
  entries: readonly Sourced[],
  names: readonly Name[],
): Partial<Record<Name, Address>> {
  const addresses: Partial<Record<Name, Address>> = {}
  for (const { text, source } of entries) {
    const match = form.exec(text)
    if (match === null) throw new UsageError('badAddress', { value: text, source })
    const [, given = '', v6, plain = '', digits = ''] = match
    const name = names.find((known) => known === given)
    if (name === undefined)
      throw new UsageError('badListener', { name: given, names: names.join(', '), source })
    if (addresses[name] !== undefined) throw new UsageError('repeatedListener', { name, source })
    const port = Number(digits)
    if (!/^\d{1,5}$/.test(digits) || port > 65_535)
      throw new UsageError('badPort', { port: digits, source })
    addresses[name] = { host: v6 ?? plain, port }
  }
  return addresses
}
