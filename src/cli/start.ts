// The command `start`: one broker from its options until a signal. The first signal drains, the
// second ends the process at once. Called by run.ts; the broker's code is loaded only here, so that
// the other commands are quick.
import { isLoopback, isWildcard, showAddress } from '../io/network.ts'
import { banner, type Opened, readyLine } from './banner.ts'
import { explain } from './explain.ts'
import { exitCodes, type Host } from './host.ts'
import { fill } from './language.ts'
import { Log } from './log.ts'
import type { StartOptions } from './start-options.ts'
import type { Texts } from './texts-en.ts'

/** Resolves when the broker has stopped; rejects with a UsageError, or with a bug. */
export async function start(host: Host, texts: Texts, options: StartOptions): Promise<void> {
  const log = new Log(host, options.json)
  const stop = new StopSignal(host, log, texts)
  const { startBroker } = await import('../start-broker.ts')
  const { dataDir, config, advertise } = options
  const broker = await startBroker({
    dataDir,
    config,
    advertise,
    ...(options.listen === null ? {} : { listen: options.listen }),
    report: (line) => log.line('warn', line),
    failed: (cause) => {
      const problem = cause instanceof Error ? cause.message : String(cause)
      log.line('error', fill(texts.diskFailed, { dir: dataDir ?? '', problem }))
      host.exit(exitCodes.failed)
    },
  }).catch((error: unknown) => {
    throw explain(error, dataDir ?? '') ?? error
  })
  const { addresses, saslMechanisms } = broker
  const opened = { addresses, saslMechanisms, dataDir, readyMs: host.sinceExec() }
  host.out(options.json ? readyLine(opened, host.pid) : banner(opened, texts))
  warnOfStrangers(opened, log, texts)
  warnOfWildcard(opened, options, log, texts)
  await stop.asked()
  await broker.close()
  log.line('info', texts.stopped)
}

/** What starts a node may hand on the signal that it gets itself: that is still the first. */
const sameSignalMs = 500

/**
 * The first signal is to drain, the second does not wait for anybody. Before the broker is up there
 * is nothing to drain, so the first one ends the process: starting is safe to break off.
 */
class StopSignal {
  #firstMs: number | null = null
  #drain: (() => void) | null = null

  constructor(host: Host, log: Log, texts: Texts) {
    host.onStopSignal(() => {
      const nowMs = host.sinceExec()
      if (this.#firstMs !== null) {
        if (nowMs - this.#firstMs >= sameSignalMs) host.exit(exitCodes.impatient)
        return
      }
      this.#firstMs = nowMs
      log.line('info', texts.stopping)
      if (this.#drain === null) host.exit(exitCodes.done)
      else this.#drain()
    })
  }

  /** Resolves at the first signal. */
  asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#drain = resolve
    })
  }
}

/** Without authentication, whoever can connect is trusted. */
function warnOfStrangers({ addresses, saslMechanisms }: Opened, log: Log, texts: Texts): void {
  const { kafka } = addresses
  if (kafka === undefined || saslMechanisms.length > 0 || isLoopback(kafka.host)) return
  log.line('warn', fill(texts.openHint, { address: showAddress(kafka) }))
}

/** Clients connect to what they are told, and nobody can connect to 0.0.0.0. */
function warnOfWildcard(opened: Opened, options: StartOptions, log: Log, texts: Texts): void {
  const { kafka } = opened.addresses
  if (kafka === undefined || options.advertise.kafka || !isWildcard(kafka.host)) return
  log.line('warn', fill(texts.advertiseHint, { address: showAddress(kafka) }))
}
