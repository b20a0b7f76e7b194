// The command-line tools of Apache Kafka 4.2, as its scripts start them, each used for what it is
// for.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { batchesOf } from '../lib/batches.ts'
import type { Broker } from '../lib/broker.ts'
import { eventually } from '../lib/expect.ts'
import type { Check } from '../lib/report.ts'
import { Java } from './tool.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const caseTimeoutMs = 240_000

const lines = (label: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${label}-${i}\tvalue ${i} of ${label}`)

class Tools {
  readonly #broker: Broker
  readonly #java: Java

  constructor(broker: Broker) {
    this.#broker = broker
    this.#java = new Java(broker.bootstrap)
  }

  async run(check: Check): Promise<void> {
    const it = (title: string, body: () => Promise<void>) => check(title, body, caseTimeoutMs)
    await it('topics: create, list, describe, alter, delete', () => this.#topics())
    await it('configs: a value is set, shown and taken away', () => this.#configs())
    await it('console producer and consumer: every codec, all comes back', () => this.#console())
    await it('verifiable producer with acks 0, 1, all; get-offsets', () => this.#verifiable())
    await it('verifiable consumers: one joins, another joins, one leaves', () => this.#group())
    await it('producer-perf-test: all records are there', () => this.#perf())
    await it('delete-records: the log starts later', () => this.#deleteRecords())
    await it('consumer-groups: list, describe, reset to a time, delete', () => this.#groups())
    await it('before a restart: a group commits', () => this.#beforeRestart())
    await it('the broker restarts', () => this.#broker.restart())
    await it('after it: the position and the data are there', () => this.#afterRestart())
  }

  #create(topic: string, partitions: number): Promise<string> {
    return this.#java.run('topics', [
      ...['--create', '--topic', topic, '--partitions', String(partitions)],
      ...['--replication-factor', '1'],
    ])
  }

  #produce(topic: string, records: readonly string[], codec = 'none'): Promise<string> {
    const property = ['--reader-property', 'parse.key=true', '--compression-codec', codec]
    const input = records.map((line) => `${line}\n`).join('')
    return this.#java.run('consoleProducer', ['--topic', topic, ...property], input)
  }

  /** `KEY\tVALUE` lines, sorted; it ends after `count` or when nothing came for some seconds. */
  async #consume(topic: string, args: readonly string[]): Promise<string[]> {
    const print = ['--formatter-property', 'print.key=true', '--timeout-ms', '8000']
    const out = await this.#java.run('consoleConsumer', ['--topic', topic, ...print, ...args])
    return out
      .split('\n')
      .filter((line) => line !== '')
      .sort()
  }

  /** Offsets by partition, from lines `TOPIC:PARTITION:OFFSET`; none where there is no record. */
  async #offsets(topic: string, time: number): Promise<Record<string, number>> {
    const out = await this.#java.run('getOffsets', ['--topic', topic, '--time', String(time)])
    const rows = out.matchAll(/^.+:(\d+):(\d+)$/gm)
    return Object.fromEntries([...rows].map(([, partition, offset]) => [partition, Number(offset)]))
  }

  async #count(topic: string): Promise<number> {
    return Object.values(await this.#offsets(topic, -1)).reduce((a, b) => a + b, 0)
  }

  /** CURRENT-OFFSET and LAG of partition 0 of a group. */
  async #position(group: string): Promise<{ current: string; lag: string }> {
    const out = await this.#java.run('groups', ['--describe', '--group', group])
    const [head = [], row = []] = out
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words[0] === 'GROUP' || words[0] === group)
    const field = (name: string): string => row[head.indexOf(name)] ?? `no ${name} in ${out}`
    return { current: field('CURRENT-OFFSET'), lag: field('LAG') }
  }

  async #topics(): Promise<void> {
    const topic = 'java.topics'
    const config = ['--config', 'retention.ms=7654321']
    const create = ['--create', '--topic', topic, '--partitions', '4', '--replication-factor', '1']
    await this.#java.run('topics', [...create, ...config])
    const list = async () => (await this.#java.run('topics', ['--list'])).split('\n')
    const describe = () => this.#java.run('topics', ['--describe', '--topic', topic])
    assert.ok((await list()).includes(topic))
    const described = await describe()
    assert.match(described, /PartitionCount: 4\s/)
    assert.match(described, /ReplicationFactor: 1\s/)
    assert.match(described, /retention\.ms=7654321/)
    assert.equal(described.match(/Leader: \d+/g)?.length, 4)
    await this.#java.run('topics', ['--alter', '--topic', topic, '--partitions', '6'])
    assert.match(await describe(), /PartitionCount: 6\s/)
    await this.#java.run('topics', ['--delete', '--topic', topic])
    await eventually(async () =>
      (await list()).includes(topic) ? `${topic} is still there` : null,
    )
  }

  async #configs(): Promise<void> {
    const topic = 'java.configs'
    await this.#create(topic, 1)
    const entity = ['--entity-type', 'topics', '--entity-name', topic]
    const describe = () => this.#java.run('configs', [...entity, '--describe'])
    const alter = (args: string[]) => this.#java.run('configs', [...entity, '--alter', ...args])
    await alter(['--add-config', 'retention.ms=1234567,cleanup.policy=compact'])
    const set = await describe()
    assert.match(set, /retention\.ms=1234567 /)
    assert.match(set, /cleanup\.policy=compact /)
    await alter(['--delete-config', 'retention.ms'])
    const left = await describe()
    assert.doesNotMatch(left, /retention\.ms=/)
    assert.match(left, /cleanup\.policy=compact /)
  }

  async #console(): Promise<void> {
    const topic = 'java.console'
    await this.#create(topic, 1)
    for (const codec of codecs) await this.#produce(topic, lines(codec, 10), codec)
    const stored = await batchesOf(this.#broker.bootstrap, topic, 0)
    assert.deepEqual([...new Set(stored.map((batch) => batch.codec))], codecs)
    assert.ok(
      stored.every((batch) => batch.producerId >= 0),
      'the producer is idempotent',
    )
    const came = await this.#consume(topic, ['--from-beginning', '--max-messages', '50'])
    assert.deepEqual(came, codecs.flatMap((codec) => lines(codec, 10)).sort())
  }

  async #verifiable(): Promise<void> {
    const topic = 'java.verifiable'
    await this.#create(topic, 4)
    for (const [i, acks] of ['0', '1', '-1'].entries()) {
      const count = ['--max-messages', '200', '--acks', acks]
      const out = await this.#java.run('verifiableProducer', ['--topic', topic, ...count])
      const summary = out.split('\n').find((line) => line.includes('"tool_data"')) ?? '{}'
      const { sent, acked } = JSON.parse(summary) as { sent?: number; acked?: number }
      assert.deepEqual({ sent, acked }, { sent: 200, acked: 200 })
      assert.equal(await this.#count(topic), 200 * (i + 1))
    }
  }

  async #group(): Promise<void> {
    const topic = 'java.group'
    await this.#create(topic, 4)
    const args = ['--topic', topic, '--group-id', 'java.sharing', '--reset-policy', 'earliest']
    const produce = () =>
      this.#java.run('verifiableProducer', ['--topic', topic, '--max-messages', '400'])
    const a = await this.#java.consumer(args)
    const b = await this.#java.consumer(args)
    const shared = (counts: number[], consumed: number) =>
      eventually(async () => {
        const owned = [a, b].map((consumer) => consumer.assigned.length)
        const right = owned.join() === counts.join() && a.consumed + b.consumed === consumed
        return right ? null : `wanted ${counts} and ${consumed}, is a ${a}, b ${b}`
      }, 60_000)
    try {
      await shared([2, 2], 0)
      await produce()
      await shared([2, 2], 400)
      await b.leave()
      const before = b.consumed
      b.assigned = []
      await shared([4, 0], 400)
      await produce()
      await shared([4, 0], 800)
      assert.equal(b.consumed, before)
    } finally {
      await a.leave()
      await b.leave()
    }
  }

  async #perf(): Promise<void> {
    const topic = 'java.perf'
    await this.#create(topic, 4)
    const load = ['--num-records', '20000', '--record-size', '100', '--throughput', '-1']
    const settings = ['--producer-props', 'bootstrap.servers=BOOTSTRAP', 'acks=all']
    const out = await this.#java.run('producerPerf', ['--topic', topic, ...load, ...settings])
    assert.match(out, /20000 records sent/)
    assert.equal(await this.#count(topic), 20_000)
  }

  async #deleteRecords(): Promise<void> {
    const topic = 'java.delete'
    await this.#create(topic, 1)
    await this.#produce(topic, lines('gone', 5))
    await this.#produce(topic, lines('kept', 5))
    const dir = mkdtempSync(join(tmpdir(), 'delete-records-'))
    const file = join(dir, 'offsets.json')
    const partitions = [{ topic, partition: 0, offset: 5 }]
    writeFileSync(file, JSON.stringify({ version: 1, partitions }))
    const out = await this.#java.run('deleteRecords', ['--offset-json-file', file])
    rmSync(dir, { recursive: true })
    assert.match(out, /low_watermark: 5/)
    assert.deepEqual(await this.#offsets(topic, -2), { '0': 5 })
    assert.deepEqual(await this.#offsets(topic, -1), { '0': 10 })
    const came = await this.#consume(topic, ['--from-beginning', '--max-messages', '5'])
    assert.deepEqual(came, lines('kept', 5).sort())
  }

  async #groups(): Promise<void> {
    const topic = 'java.times'
    const group = 'java.rewound'
    const read = ['--group', group, '--from-beginning', '--max-messages']
    await this.#create(topic, 1)
    await this.#produce(topic, lines('old', 6))
    await sleep(50)
    const time = new Date().toISOString().slice(0, -1)
    assert.deepEqual(await this.#offsets(topic, Date.now()), {})
    await this.#produce(topic, lines('new', 4))
    await this.#consume(topic, [...read, '10'])
    const list = async () => (await this.#java.run('groups', ['--list'])).split('\n')
    assert.ok((await list()).includes(group))
    assert.deepEqual(await this.#position(group), { current: '10', lag: '0' })
    const target = ['--group', group, '--topic', topic, '--to-datetime', `${time}Z`]
    await this.#java.run('groups', ['--reset-offsets', ...target, '--execute'])
    assert.deepEqual(await this.#position(group), { current: '6', lag: '4' })
    assert.deepEqual(await this.#consume(topic, [...read, '4']), lines('new', 4).sort())
    await this.#java.run('groups', ['--delete', '--group', group])
    assert.ok(!(await list()).includes(group))
  }

  async #beforeRestart(): Promise<void> {
    const topic = 'java.restart'
    await this.#create(topic, 1)
    await this.#produce(topic, lines('before', 10))
    const read = ['--group', 'java.left', '--from-beginning', '--max-messages', '7']
    const came = await this.#consume(topic, read)
    assert.deepEqual(came, lines('before', 10).slice(0, 7).sort())
    assert.deepEqual(await this.#position('java.left'), { current: '7', lag: '3' })
  }

  async #afterRestart(): Promise<void> {
    const topic = 'java.restart'
    assert.deepEqual(await this.#position('java.left'), { current: '7', lag: '3' })
    await this.#produce(topic, lines('after', 2))
    const rest = [...lines('before', 10).slice(7), ...lines('after', 2)]
    const resumed = await this.#consume(topic, ['--group', 'java.left', '--max-messages', '5'])
    assert.deepEqual(resumed, rest.sort())
    const all = await this.#consume(topic, ['--from-beginning', '--max-messages', '12'])
    assert.deepEqual(all, [...lines('before', 10), ...lines('after', 2)].sort())
  }
}

export const runTools = (broker: Broker, check: Check): Promise<void> =>
  new Tools(broker).run(check)
