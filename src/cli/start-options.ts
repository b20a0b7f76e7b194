// What `polymq start` was asked for, from all places: the command line wins over the environment,
// the environment over the file. Whole options win, not parts: --listen on the command line
// forgets what the environment says of listeners. Settings win key by key. Called by run.ts.
import { type Address, isWildcard, showAddress } from '../io/network.ts'
import { type Listeners, listenerNames } from '../listeners.ts'
import { parseStaticConfig } from '../model/config/static-config.ts'
import { parseAddresses } from './addresses.ts'
import type { Layer, Sourced } from './layer.ts'
import { UsageError } from './usage-error.ts'

const advertisedNames = ['kafka'] as const

export interface StartOptions {
  /** Folder of the data; null keeps everything in memory. */
  readonly dataDir: string | null
  /** Null: those that open by default. */
  readonly listen: Listeners | null
  readonly advertise: Partial<Record<'kafka', Address>>
  /** Valid settings under Kafka's names. */
  readonly config: Readonly<Record<string, string>>
  readonly json: boolean
}

const dataDirDefault = './data'

/** Keys of Kafka that say what an option of ours says. */
const optionOfKey: Readonly<Record<string, string>> = {
  listeners: '--listen',
  'advertised.listeners': '--advertise',
  'log.dirs': '--data',
  'log.dir': '--data',
}

/** `layers`, the winning one first. */
export function startOptions(layers: readonly Layer[]): StartOptions {
  for (const layer of layers) checkLayer(layer)
  const listen = first(layers, (layer) => layer.listen)
  const advertise = first(layers, (layer) => layer.advertise)
  const json = first(layers, (layer) => layer.json)
  const listeners = listen === null ? null : parseAddresses(listen, listenerNames)
  if (advertise !== null && listeners !== null && listeners.kafka === undefined)
    throw new UsageError('advertisedNotListened', { source: advertise[0]?.source ?? '' })
  return {
    dataDir: dataDir(layers),
    listen: listeners,
    advertise: advertised(advertise ?? []),
    config: settings(layers),
    json: json !== null && isTrue(json),
  }
}

/** Also what another place wins over has to make sense. */
function checkLayer({ memory, json, listen, advertise }: Layer): void {
  for (const each of [memory, json]) if (each !== null) isTrue(each)
  parseAddresses(listen ?? [], listenerNames)
  advertised(advertise ?? [])
}

function first<T>(layers: readonly Layer[], of: (layer: Layer) => T | null): T | null {
  for (const layer of layers) {
    const found = of(layer)
    if (found !== null) return found
  }
  return null
}

/** The first layer that says where decides; one that says both is refused. */
function dataDir(layers: readonly Layer[]): string | null {
  for (const { data, memory } of layers) {
    const inMemory = memory !== null && isTrue(memory)
    if (inMemory && data !== null)
      throw new UsageError('dataAndMemory', { source: `${data.source}, ${memory.source}` })
    if (inMemory) return null
    if (data !== null) return data.text
  }
  return dataDirDefault
}

function isTrue({ text, source }: Sourced): boolean {
  const value = text.trim().toLowerCase()
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw new UsageError('badBoolean', { source, value: text })
}

function advertised(entries: readonly Sourced[]): Partial<Record<'kafka', Address>> {
  const addresses = parseAddresses(entries, advertisedNames)
  const { kafka } = addresses
  if (kafka !== undefined && (kafka.port === 0 || isWildcard(kafka.host))) {
    const source = entries[0]?.source ?? ''
    throw new UsageError('unreachableAdvertised', { address: showAddress(kafka), source })
  }
  return addresses
}

function settings(layers: readonly Layer[]): Record<string, string> {
  const merged = new Map<string, string>()
  for (const { set } of [...layers].reverse()) {
    const ofLayer = new Map<string, string>()
    for (const { text, source } of set) {
      const [key, value] = checkedSetting(text, source)
      if (ofLayer.has(key)) throw new UsageError('repeatedSetting', { key, source })
      ofLayer.set(key, value)
    }
    for (const [key, value] of ofLayer) merged.set(key, value)
  }
  return Object.fromEntries(merged)
}

function checkedSetting(text: string, source: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError('badSetting', { value: text, source })
  const key = text.slice(0, at).trim()
  const option = Object.hasOwn(optionOfKey, key) ? optionOfKey[key] : undefined
  if (option !== undefined) throw new UsageError('settingHasOption', { key, option, source })
  const parsed = parseStaticConfig([text])
  if (!parsed.ok) throw new UsageError('settingRefused', { problem: parsed.message, source })
  return [key, parsed.value.get(key) ?? '']
}
