// What stands on standard output when every door is open: for people the addresses and two commands
// to copy, for machines one JSON line. Called by start.ts.
import path from 'node:path'
import { type Address, isWildcard, showAddress } from '../io/network.ts'
import type { Listeners } from '../listeners.ts'
import { version } from '../version.ts'
import { fill } from './language.ts'
import type { Texts } from './texts-en.ts'

export interface Opened {
  readonly addresses: Listeners
  /** How clients of the Kafka listener must authenticate; empty: they need not. */
  readonly saslMechanisms: readonly string[]
  readonly dataDir: string | null
  /** From the beginning of the process, in milliseconds. */
  readonly readyMs: number
}

export function banner(opened: Opened, texts: Texts): string {
  const { kafka, amqp, amqps, http, metrics } = opened.addresses
  const rows: [string, string][] = []
  if (kafka) rows.push(['kafka', showAddress(kafka)])
  if (amqp) rows.push(['amqp', `amqp://${showAddress(amqp)}`])
  if (amqps) rows.push(['amqps', `amqps://${showAddress(amqps)}`])
  if (http) rows.push(['http', `http://${showAddress(http)}/api`])
  if (metrics) rows.push(['metrics', `http://${showAddress(metrics)}/metrics`])
  const data = opened.dataDir === null ? texts.inMemory : path.resolve(opened.dataDir)
  rows.push([texts.labelData, data])
  const lines = [
    fill(texts.ready, { version, ms: Math.round(opened.readyMs) }),
    '',
    ...rows.map(([label, value]) => `  ${padded(label)} ${value}`),
    '',
  ]
  if (kafka) lines.push(...commandPair(kafka, opened.saslMechanisms[0], texts), '')
  return `${lines.join('\n')}\n`
}

function commandPair(kafka: Address, mechanism: string | undefined, texts: Texts): string[] {
  const login = mechanism === undefined ? '' : ` ${loginOptions(mechanism)}`
  const broker = showAddress(reachable(kafka)) + login
  return [
    texts.tryIt,
    '',
    `  echo hello | kcat -b ${broker} -P -t greetings`,
    `  kcat -b ${broker} -C -t greetings -o beginning -e`,
  ]
}

/** As kcat takes them; name and password are the reader's to fill in. */
const loginOptions = (mechanism: string): string =>
  ['security.protocol=sasl_plaintext', `sasl.mechanism=${mechanism}`]
    .concat('sasl.username=NAME', 'sasl.password=PASSWORD')
    .map((option) => `-X ${option}`)
    .join(' ')

/** Who listens everywhere is reached on this machine. */
function reachable({ host, port }: Address): Address {
  if (!isWildcard(host)) return { host, port }
  return { host: host === '::' ? '::1' : '127.0.0.1', port }
}

export function readyLine({ addresses }: Opened, pid: number): string {
  const listeners = Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [name, showAddress(address)]),
  )
  return `${JSON.stringify({ event: 'ready', listeners, pid })}\n`
}

/** As wide as nine letters: a Chinese character takes the place of two. */
const padded = (label: string): string =>
  label.padEnd(9 - (label.match(/\p{Script=Han}/gu) ?? []).length)
