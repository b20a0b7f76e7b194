// One place that options come from, as texts: the command line, the environment or a file. All
// three say the same things, so that start-options.ts can lay them over each other.
import type { Flags } from './arguments.ts'
import type { Environment } from './host.ts'
import { UsageError } from './usage-error.ts'

/** A text and where it stands, as people are told. */
export interface Sourced {
  readonly text: string
  readonly source: string
}

export interface Layer {
  readonly data: Sourced | null
  readonly memory: Sourced | null
  readonly json: Sourced | null
  /** Each `NAME=HOST:PORT`; null: nothing is said about listeners here. */
  readonly listen: readonly Sourced[] | null
  readonly advertise: readonly Sourced[] | null
  /** Each `KEY=VALUE`, under Kafka's names. */
  readonly set: readonly Sourced[]
}

export function flagLayer(flags: Flags): Layer {
  const all = (name: keyof Flags): Sourced[] | null =>
    flags[name]?.map((text) => ({ text, source: `--${name}` })) ?? null
  return {
    data: all('data')?.[0] ?? null,
    memory: all('memory')?.[0] ?? null,
    json: all('json')?.[0] ?? null,
    listen: all('listen'),
    advertise: all('advertise'),
    set: all('set') ?? [],
  }
}

const variable = 'POLYMQ_'
const settingVariable = 'POLYMQ_SET_'
/** Read before the layers are: they say which language and which file. */
const earlyVariables = ['POLYMQ_CONFIG', 'POLYMQ_LANG']
/**
 * Kubernetes gives these to all containers beside a Service called polymq, or polymq-anything.
 * Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const serviceLink =
  /^POLYMQ(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_[A-Z]+(_\w+)?)=|_PORT=\w+:\/\//
const optionKeys = ['data', 'memory', 'json', 'listen', 'advertise'] as const
type OptionKey = (typeof optionKeys)[number]

export function environmentLayer(env: Environment): Layer {
  const options: Partial<Record<OptionKey, Sourced>> = {}
  const set: Sourced[] = []
  for (const [source, text] of Object.entries(env)) {
    if (!source.startsWith(variable) || text === undefined) continue
    if (earlyVariables.includes(source)) continue
    const name = optionKeys.find((key) => source === variable + key.toUpperCase())
    if (name === undefined && serviceLink.test(`${source}=${text}`)) continue
    if (source.startsWith(settingVariable) && source !== settingVariable) {
      const key = source.slice(settingVariable.length).toLowerCase().replaceAll('_', '.')
      set.push({ text: `${key}=${text}`, source })
      continue
    }
    if (name === undefined) throw new UsageError('unknownVariable', { name: source })
    options[name] = nonEmpty({ text, source })
  }
  return keyedLayer(options, set)
}

/** `entries` of a file: KEY and VALUE, with the place of each. */
export function fileLayer(
  entries: readonly { readonly key: string; readonly value: string; readonly source: string }[],
): Layer {
  const options: Partial<Record<OptionKey, Sourced>> = {}
  const set: Sourced[] = []
  for (const { key, value, source } of entries) {
    const name = optionKeys.find((option) => option === key)
    if (name === undefined) set.push({ text: `${key}=${value}`, source })
    else options[name] = nonEmpty({ text: value, source })
  }
  return keyedLayer(options, set)
}

function keyedLayer(options: Partial<Record<OptionKey, Sourced>>, set: readonly Sourced[]): Layer {
  return {
    data: options.data ?? null,
    memory: options.memory ?? null,
    json: options.json ?? null,
    listen: listed(options.listen),
    advertise: listed(options.advertise),
    set,
  }
}

/** Where an option can stand only once, its values are parted by commas. */
function listed(entry: Sourced | undefined): readonly Sourced[] | null {
  if (entry === undefined) return null
  return entry.text.split(',').map((text) => ({ text: text.trim(), source: entry.source }))
}

export function nonEmpty(entry: Sourced): Sourced {
  if (entry.text.trim() === '') throw new UsageError('emptyValue', { source: entry.source })
  return entry
}
