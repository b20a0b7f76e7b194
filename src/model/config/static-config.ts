// The broker's configuration from the command line: `--set KEY=VALUE` texts into a validated map.
// Called by cli/; every fault is one line that names the key.
import { ok, type Result, refuse } from '../errors.ts'
import type { BrokerSettings } from './broker-settings.ts'
import { findBrokerKey } from './config-change.ts'
import { parseConfig } from './config-value.ts'

/** The values that `settings` state; a key may stand once. Refused with `invalidConfig`. */
export function parseStaticConfig(settings: readonly string[]): Result<Map<string, string>> {
  const values = new Map<string, string>()
  for (const setting of settings) {
    const at = setting.indexOf('=')
    if (at < 1) return refuse('invalidConfig', `'${setting}' is not of the form KEY=VALUE`)
    const name = setting.slice(0, at).trim()
    if (values.has(name)) return refuse('invalidConfig', `${name} is set twice`)
    const text = checkStatic(name, setting.slice(at + 1))
    if (!text.ok) return text
    values.set(name, text.value)
  }
  return withNodeId(values)
}

/** `node.id` and `broker.id` are one: who sets either has set both, as with Kafka. */
function withNodeId(values: Map<string, string>): Result<Map<string, string>> {
  const [id, older] = [values.get('node.id'), values.get('broker.id')]
  const isOlderSet = older !== undefined && Number(older) >= 0
  if (id !== undefined && isOlderSet && Number(id) !== Number(older))
    return refuse('invalidConfig', `node.id is ${id} and broker.id is ${older}: set one of them`)
  const number = id ?? (isOlderSet ? older : undefined)
  if (number === undefined) return ok(values)
  return ok(values.set('node.id', number).set('broker.id', number))
}

function checkStatic(name: string, value: string): Result<string> {
  const key = findBrokerKey(name)
  if (!key.ok) return key
  const parsed = parseConfig(key.value, value)
  return parsed.ok ? ok(value.trim()) : parsed
}

/** Values that are valid one by one, and together leave no choice. */
export function checkTogether(settings: BrokerSettings): Result<void> {
  const { sessionTimeoutMsMin: min, sessionTimeoutMsMax: max } = settings
  if (min <= max) return ok(undefined)
  return refuse(
    'invalidConfig',
    `group.min.session.timeout.ms, ${min}, is above group.max.session.timeout.ms, ${max}: ` +
      'no member could join a group',
  )
}
