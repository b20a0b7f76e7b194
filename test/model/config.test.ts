import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerKeys } from '../../src/model/config/broker-keys.ts'
import { resolveBrokerSettings } from '../../src/model/config/broker-settings.ts'
import { brokerScope, changeConfigs } from '../../src/model/config/config-change.ts'
import { brokerValues } from '../../src/model/config/config-source.ts'
import { knownConfig, longMax, parseConfig } from '../../src/model/config/config-value.ts'
import {
  describeBrokerConfig,
  describeTopicConfig,
} from '../../src/model/config/describe-config.ts'
import { parseStaticConfig } from '../../src/model/config/static-config.ts'
import { topicKeys } from '../../src/model/config/topic-keys.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'

const messageOf = (name: string, text: string): string | null => {
  const key = topicKeys.get(name)
  assert(key)
  const parsed = parseConfig(key, text)
  return parsed.ok ? null : parsed.message
}

test('every default is a value of its key, and every exception has a reason', () => {
  for (const key of [...topicKeys.values(), ...brokerKeys.values()]) {
    if (key.default !== null) knownConfig(key, key.default)
    assert.ok(key.effect === 'works' || key.reason !== undefined, key.name)
  }
  for (const key of topicKeys.values())
    for (const name of key.synonyms) assert.ok(brokerKeys.has(name), name)
})

test('values are taken as Kafka takes them', () => {
  for (const [name, text] of [
    ['retention.ms', ' +1000 '],
    ['retention.ms', '-1'],
    ['flush.ms', longMax],
    ['preallocate', 'TRUE'],
    ['cleanup.policy', ''],
    ['cleanup.policy', ' delete , compact '],
    ['cleanup.policy', 'delete,delete'],
    ['compression.gzip.level', '-1'],
    ['leader.replication.throttled.replicas', '*'],
    ['leader.replication.throttled.replicas', '0:1,1:1'],
    ['remote.storage.enable', 'false'],
    ['min.cleanable.dirty.ratio', '.5'],
    ['min.cleanable.dirty.ratio', '1d'],
  ] as const)
    assert.equal(messageOf(name, text), null, `${name}=${text}`)
  for (const [name, text] of [
    ['retention.ms', 'abc'],
    ['retention.ms', ''],
    ['retention.ms', '1.5'],
    ['retention.ms', '-2'],
    ['flush.ms', '9223372036854775808'],
    ['segment.bytes', '99999999999'],
    ['segment.bytes', '1048575'],
    ['preallocate', 'yes'],
    ['cleanup.policy', 'delete,,compact'],
    ['cleanup.policy', 'foo'],
    ['compression.type', 'GZIP'],
    ['compression.gzip.level', '0'],
    ['min.cleanable.dirty.ratio', '2'],
    ['min.cleanable.dirty.ratio', 'NaN'],
    ['min.cleanable.dirty.ratio', '.'],
    ['min.cleanable.dirty.ratio', '0.5df'],
    ['leader.replication.throttled.replicas', 'x'],
    ['remote.storage.enable', 'true'],
  ] as const)
    assert.notEqual(messageOf(name, text), null, `${name}=${text}`)
})

test('a refusal names the key, the value and the remedy', () => {
  assert.equal(
    messageOf('compression.gzip.level', '0'),
    "'0' is not a value of compression.gzip.level: it takes a whole number from 1 to 9, or -1",
  )
  assert.match(messageOf('remote.storage.enable', 'true') ?? '', /can only be 'false' here: this/)
})

test('without anything set the settings are the defaults', () => {
  const topic = resolveTopicSettings(new Map(), brokerValues())
  assert.equal(topic.retentionMs, 604_800_000)
  assert.equal(topic.retentionBytes, Infinity)
  assert.equal(topic.flushMs, Infinity)
  assert.equal(topic.segmentMs, 604_800_000)
  assert.equal(topic.flush, 'sync')
  assert.equal(resolveBrokerSettings(brokerValues()).offsetsRetentionMs, 604_800_000)
})

test('descriptions list every key once, with its source', () => {
  const topic = describeTopicConfig(new Map(), brokerValues())
  assert.equal(topic.length, topicKeys.size)
  assert.ok(topic.every((e) => e.isDefault && e.value !== null && e.documentation !== ''))
  const broker = describeBrokerConfig(brokerValues(new Map([['num.partitions', '4']])))
  const entry = broker.find((e) => e.name === 'num.partitions')
  assert.deepEqual([entry?.value, entry?.source, entry?.readOnly], ['4', 'staticBroker', true])
  assert.equal(broker.find((e) => e.name === 'log.retention.ms')?.value, null)
  assert.equal(
    broker.find((e) => e.name === 'leader.replication.throttled.rate'),
    undefined,
  )
})

test("Kafka's keys without a meaning here are taken and shown, and have their bounds", () => {
  const now = (name: string): string => brokerKeys.get(name)?.default ?? ''
  const set = (of: 'node' | 'all', name: string, value: string) =>
    changeConfigs(new Map(), [{ name, action: 'set', value }], brokerScope(of, now))
  const after = set('node', 'leader.replication.throttled.rate', '15')
  assert.ok(after.ok)
  const shown = describeBrokerConfig({ ...brokerValues(), dynamicBroker: after.value })
  const rate = shown.find((e) => e.name === 'leader.replication.throttled.rate')
  assert.deepEqual([rate?.value, rate?.source, rate?.type], ['15', 'dynamicBroker', 'long'])
  for (const [of, name, value, error] of [
    ['all', 'leader.replication.throttled.rate', '0', 'ok'],
    ['all', 'follower.replication.throttled.rate', '-1', 'invalidConfig'],
    ['all', 'background.threads', '0', 'invalidConfig'],
    ['node', 'sasl.kerberos.min.time.before.relogin', '58000', 'ok'],
    ['all', 'sasl.kerberos.min.time.before.relogin', '58000', 'invalidRequest'],
    ['node', 'sasl.login.refresh.buffer.seconds', '32768', 'invalidConfig'],
    ['node', 'metric.reporters', 'com.example.Reporter', 'invalidConfig'],
    ['node', 'ssl.client.auth', 'required', 'invalidConfig'],
    ['node', 'ssl.keystore.password', 'secret', 'invalidConfig'],
  ] as const) {
    const done = set(of, name, value)
    assert.equal(done.ok ? 'ok' : done.error, error, `${name}=${value}`)
    assert.ok(done.ok || !done.message.includes('secret'))
  }
  assert.equal(shown.find((e) => e.name === 'ssl.keystore.password')?.sensitive, true)
})

test('what has no effect says so, and what cannot be is refused', () => {
  const accepted = ['min.insync.replicas', 'file.delete.delay.ms', 'segment.index.bytes']
  for (const name of accepted) assert.equal(topicKeys.get(name)?.effect, 'accepted', name)
  const refusal = (setting: string): string => {
    const parsed = parseStaticConfig([setting])
    return parsed.ok ? '' : parsed.message
  }
  assert.match(refusal('default.replication.factor=3'), /can only be '1' here/)
  assert.match(refusal('polymq.flush=memory'), /it takes one of sync, async/)
})

test('the command line: one line for each fault', () => {
  const good = parseStaticConfig(['num.partitions=4', 'log.retention.hours= 2 '])
  assert.ok(good.ok && good.value.get('log.retention.hours') === '2')
  for (const settings of [['x'], ['=1'], ['no.such=1'], ['num.partitions=0'], ['retention.ms=1']]) {
    const bad = parseStaticConfig(settings)
    assert.ok(!bad.ok && !bad.message.includes('\n'))
  }
  const hint = parseStaticConfig(['retention.ms=1'])
  assert.ok(!hint.ok && hint.message.endsWith('for the broker it is called log.retention.ms'))
})

test('node.id and broker.id are one number, from 0 to the largest int', () => {
  const idOf = (...settings: string[]): unknown => {
    const parsed = parseStaticConfig(settings)
    if (!parsed.ok) return parsed.message
    const values = brokerValues(parsed.value)
    const shown = describeBrokerConfig(values)
      .filter(({ name }) => name === 'node.id' || name === 'broker.id')
      .map(({ value, source }) => `${value} ${source}`)
    return [resolveBrokerSettings(values).nodeId, ...shown]
  }
  assert.deepEqual(idOf(), [1, '-1 default', '1 default'])
  assert.deepEqual(idOf('node.id=0'), [0, '0 staticBroker', '0 staticBroker'])
  assert.deepEqual(idOf('broker.id=7'), [7, '7 staticBroker', '7 staticBroker'])
  assert.deepEqual(idOf('broker.id=-1'), [1, '-1 staticBroker', '1 default'])
  assert.deepEqual(idOf('node.id=3', 'broker.id=-1'), [3, '3 staticBroker', '3 staticBroker'])
  assert.match(String(idOf('node.id=2147483647')), /^2147483647,/)
  assert.match(String(idOf('node.id=1', 'broker.id=2')), /set one of them/)
  assert.match(String(idOf('node.id=-1')), /at least|from 0/)
  assert.match(String(idOf('node.id=2147483648')), /from 0/)
})
