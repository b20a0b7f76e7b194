// What can refuse a start and has nothing to do with the data: addresses that cannot be listened
// on, a certificate that cannot be used, definitions that cannot be read. Looked at before the data
// folder is written to, so that a start that is refused leaves it as it was: what a torn tail or a
// file that nothing refers to may still tell. Called by start-broker.ts.
import { tlsNetwork } from './amqp-listeners.ts'
import { readDefinitions } from './definitions-file.ts'
import type { Address, Listener, Network } from './io/network.ts'
import { realNetwork } from './io/real/network.ts'
import { defaultAmqps, type Listeners } from './listeners.ts'
import type { BrokerSettings } from './model/config/broker-settings.ts'

export interface Preflight {
  /** All that shall be listened on. */
  readonly listen: Listeners
  /** What `amqps` is opened over, if it is. */
  readonly secure: Network | undefined
  /** What the file of definitions says; null: none is asked for. */
  readonly definitions: Readonly<Record<string, unknown>> | null
}

/**
 * Rejects with ListenError or BadSettingError. `asked`: listeners that were named; without them
 * those that open by default.
 */
export async function preflight(
  settings: BrokerSettings,
  asked: Listeners | undefined,
  byDefault: Listeners,
): Promise<Preflight> {
  const hasCertificate = settings.tls.certificateFile !== ''
  const listen = asked ?? (hasCertificate ? { ...byDefault, amqps: defaultAmqps } : byDefault)
  const secure = listen.amqps === undefined ? undefined : await tlsNetwork(settings.tls)
  const definitions = await readDefinitions(settings.definitionsFile)
  // The listener of metrics is open by now.
  // The listener of metrics is open by now.
  const { metrics: _, ...others } = listen
  await checkAddresses(Object.values(others))
  return { listen, secure, definitions }
}

/** All at once: two may be the same. */
async function checkAddresses(addresses: readonly Address[]): Promise<void> {
  const opened: Listener[] = []
  try {
    for (const address of addresses) opened.push(await realNetwork().listen(address, () => null))
  } finally {
    for (const listener of opened) await listener.close()
  }
}
