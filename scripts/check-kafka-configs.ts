// Compares our tables of configuration keys with those of Apache Kafka 4.2.0: names, types,
// defaults, bounds, synonyms and what may change at run time; every key of the broker that may is
// here. Needs `java` and the jars of Kafka in `.tools/kafka-4.2.0` (or in the folder given as
// argument). Run by `npm run check:configs`; exits 1 on a difference without a reason.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { brokerKeys } from '../src/model/config/broker-keys.ts'
import type { ConfigKey } from '../src/model/config/config-key.ts'
import { topicKeys } from '../src/model/config/topic-keys.ts'

const jars = process.argv[2] ?? join('.tools', 'kafka-4.2.0')

/** Differences that are meant: `kind name aspect`, and why. */
const deliberate: Readonly<Record<string, string>> = {
  'broker group.initial.rebalance.delay.ms default': 'a first member starts at once',
  'broker sasl.enabled.mechanisms default': 'GSSAPI is not offered',
  'broker sasl.enabled.mechanisms dynamic': 'set at the start only',
  'broker listeners dynamic': 'set at the start only',
  'broker node.id default': 'Kafka has none; a single node needs no number',
  'broker offsets.topic.segment.bytes bounds': 'no segment is smaller than 1 MiB',
  'broker leader.replication.throttled.rate default': 'not set, and then not shown, as in Kafka',
  'broker follower.replication.throttled.rate default': 'as the one above',
  'broker replica.alter.log.dirs.io.max.bytes.per.second default': 'as the one above',
  'broker offsets.topic.replication.factor default': 'one node, so one replica',
}

interface Theirs {
  readonly type: string
  readonly default: string | null
  readonly dynamic: boolean
  /** As Kafka writes a range: '[0,...,9]', '[1,...]'; '' when its table has none. */
  readonly bounds: string
}

function ask(): string[][] {
  if (!existsSync(jars)) throw new Error(`no jars of Kafka in ${jars}`)
  const program = join('scripts', 'java', 'KafkaConfigs.java')
  const output = execFileSync('java', ['-cp', join(jars, '*'), program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return output
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
}

const differences: string[] = []
let meant = 0
const differ = (what: string, ours: unknown, theirs: unknown): void => {
  if (ours === theirs) return
  if (what in deliberate) meant++
  else differences.push(`${what}: ours ${ours}, Kafka's ${theirs}`)
}

function compare(kind: string, ours: ReadonlyMap<string, ConfigKey>, rows: string[][]): void {
  const theirs = new Map<string, Theirs>()
  for (const [of, name = '', type = '', text = '', dynamic, bounds = ''] of rows)
    if (of === kind)
      theirs.set(name, {
        type: type.toLowerCase(),
        default: text === '<null>' ? null : text,
        dynamic: dynamic === 'true',
        bounds,
      })
  for (const [name, key] of ours) {
    const other = theirs.get(name)
    if (name.startsWith('polymq.')) continue
    differ(`${kind} ${name} known`, true, other !== undefined)
    if (!other) continue
    differ(`${kind} ${name} type`, key.type, other.type)
    differ(`${kind} ${name} default`, key.default, other.default)
    if (other.bounds !== '') differ(`${kind} ${name} bounds`, boundsOf(key), other.bounds)
    if ('dynamic' in key) differ(`${kind} ${name} dynamic`, key.dynamic, other.dynamic)
  }
  const missing = [...theirs.keys()].filter((name) => !ours.has(name))
  console.log(
    `${kind}: ${ours.size} keys here, ${theirs.size} in Kafka, ${missing.length} not here`,
  )
  for (const name of missing)
    if (kind === 'topic' || theirs.get(name)?.dynamic) differ(`${kind} ${name} known`, false, true)
}

/** The bounds of a number as Kafka writes them. */
function boundsOf(key: ConfigKey): string {
  const { min, max } = { min: undefined, max: undefined, ...key }
  return `[${[min, '...', max].filter((part) => part !== undefined).join(',')}]`
}

const rows = ask()
compare('topic', topicKeys, rows)
compare('broker', brokerKeys, rows)
for (const [of, name = '', names] of rows)
  if (of === 'synonyms')
    differ(`topic ${name} synonyms`, topicKeys.get(name)?.synonyms.join(','), names)
for (const line of differences) console.log(line)
console.log(`${differences.length} differences without a reason, ${meant} with one`)
process.exitCode = differences.length > 0 ? 1 : 0
