// What can refuse a start and has nothing to do with the data: addresses that cannot be listened
// on, a certificate that cannot be used, definitions that cannot be read. Looked at before the data
// folder is written to, so that a start that is refused leaves it as it was: what a torn tail or a
// file that nothing refers to may still tell. Called by start-broker.ts.
import { BadSettingError } from './bad-setting.ts'
import { readDefinitions } from './definitions-file.ts'
import {
  isWildcard,
  type ListenError,
  type Listener,
  type Network,
  showAddress,
} from './io/network.ts'
import { realNetwork } from './io/real/network.ts'
import { defaultAmqps, defaultListeners, type Listeners } from './listeners.ts'
import type { BrokerSettings } from './model/config/broker-settings.ts'
import { tlsNetwork } from './tls-files.ts'

export interface Files {
  /** All that shall be listened on. */
  readonly listen: Listeners
  /** What `amqps` is opened over, if it is. */
  readonly secure: Network | undefined
  /** What the file of definitions says; null: none is asked for. */
  readonly definitions: Readonly<Record<string, unknown>> | null
}

/**
 * Reads the files that settings name, before there is a data folder. Rejects with BadSettingError.
 * `asked`: listeners that were named; without them those that open by default.
 */
export async function readFiles(
  settings: BrokerSettings,
  asked: Listeners | undefined,
): Promise<Files> {
  const hasCertificate = settings.tls.certificateFile !== ''
  const byDefault = hasCertificate ? { ...defaultListeners, amqps: defaultAmqps } : defaultListeners
  const listen = asked ?? byDefault
  const secure = listen.amqps === undefined ? undefined : await tlsNetwork(settings.tls)
  const definitions = await readDefinitions(settings.definitionsFile)
  return { listen, secure, definitions }
}

/** Rejects with ListenError, or with BadSettingError when two are the same. */
export async function checkAddresses(listen: Listeners): Promise<void> {
  const names = new Map<string, string>()
  for (const [name, address] of Object.entries(listen)) {
    const text = showAddress(address)
    const other = address.port === 0 ? undefined : names.get(text)
    if (other !== undefined)
      throw new BadSettingError(`${other} and ${name} are both to listen on ${text}`)
    names.set(text, name)
  }
  const opened: Listener[] = []
  try {
    for (const [name, address] of Object.entries(listen)) {
      const other = opened.findIndex(
        ({ address: { host, port } }) =>
          port === address.port && (isWildcard(host) || isWildcard(address.host)),
      )
      opened.push(
        await realNetwork()
          .listen(address, () => null)
          .catch((cause: ListenError) => {
            if (cause.code !== 'EADDRINUSE' || other < 0) throw cause
            const both = `${Object.keys(listen)[other]} and ${name}`
            throw new BadSettingError(`${both} are both to listen on port ${address.port}`)
          }),
      )
    }
  } finally {
    for (const listener of opened) await listener.close()
  }
}
