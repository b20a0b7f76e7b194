// What `start` makes of flags, environment and file together, and what it refuses.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Flags, parseArguments } from '../../src/cli/arguments.ts'
import { parseConfigFile } from '../../src/cli/config-file.ts'
import { environmentLayer, flagLayer } from '../../src/cli/layer.ts'
import { type StartOptions, startOptions } from '../../src/cli/start-options.ts'
import type { TextKey } from '../../src/cli/texts-en.ts'
import { UsageError } from '../../src/cli/usage-error.ts'

interface Asked {
  readonly flags?: readonly string[]
  readonly env?: Record<string, string>
  readonly file?: string
}

function optionsOf({ flags = [], env = {}, file = '' }: Asked): StartOptions {
  const parsed: Flags = parseArguments(['start', ...flags]).flags
  return startOptions([flagLayer(parsed), environmentLayer(env), parseConfigFile(file, 'f')])
}

test('nothing said', () => {
  const nothing = { dataDir: './data', listen: null, advertise: {}, config: {}, json: false }
  assert.deepEqual(optionsOf({ env: { PATH: '/bin' } }), nothing)
})

test('every place says everything', () => {
  const said = {
    dataDir: '/d',
    listen: { kafka: { host: '::1', port: 0 }, metrics: { host: 'localhost', port: 1 } },
    advertise: { kafka: { host: 'b.example', port: 9 } },
    config: { 'num.partitions': '4', 'log.retention.ms': '-1' },
    json: true,
  }
  const flags =
    '--data /d --listen kafka=[::1]:0 --listen metrics=localhost:1 --json ' +
    '--advertise kafka=b.example:9 --set num.partitions=4 --set log.retention.ms=-1'
  const env = {
    POLYMQ_DATA: '/d',
    POLYMQ_LISTEN: 'kafka=[::1]:0, metrics=localhost:1',
    POLYMQ_JSON: 'true',
    POLYMQ_ADVERTISE: 'kafka=b.example:9',
    POLYMQ_SET_NUM_PARTITIONS: '4',
    POLYMQ_SET_LOG_RETENTION_MS: '-1',
    POLYMQ_LANG: 'zh',
  }
  const file =
    '# a comment\n\ndata = /d\nlisten=kafka=[::1]:0,metrics=localhost:1\r\njson=1\n' +
    'advertise=kafka=b.example:9\nnum.partitions=4\nlog.retention.ms = -1\n'
  assert.deepEqual(optionsOf({ flags: flags.split(' ') }), said)
  assert.deepEqual(optionsOf({ env }), said)
  assert.deepEqual(optionsOf({ file }), said)
})

test('flags win over the environment, the environment over the file', () => {
  const file = 'data=file\nlisten=metrics=f:1\nnum.partitions=1\nlog.retention.ms=1\n'
  const env = { POLYMQ_DATA: 'env', POLYMQ_LISTEN: 'kafka=e:2', POLYMQ_SET_NUM_PARTITIONS: '2' }
  const low = optionsOf({ env, file })
  assert.equal(low.dataDir, 'env')
  assert.deepEqual(low.listen, { kafka: { host: 'e', port: 2 } })
  assert.deepEqual(low.config, { 'num.partitions': '2', 'log.retention.ms': '1' })
  const flags = ['--memory', '--listen', 'kafka=f:3', '--set', 'num.partitions=3']
  const high = optionsOf({ flags, env, file })
  assert.equal(high.dataDir, null)
  assert.deepEqual(high.listen, { kafka: { host: 'f', port: 3 } })
  assert.equal(high.config['num.partitions'], '3')
})

test('memory that a lower place asks for is overruled by a folder', () => {
  assert.equal(optionsOf({ flags: ['--data', 'd'], env: { POLYMQ_MEMORY: 'true' } }).dataDir, 'd')
  assert.equal(optionsOf({ env: { POLYMQ_MEMORY: 'false' }, file: 'memory=true' }).dataDir, null)
})

test('what Kubernetes tells of a service with our name is not for us', () => {
  const env = {
    POLYMQ_SERVICE_HOST: '10.0.0.1',
    POLYMQ_SERVICE_PORT: '9092',
    POLYMQ_SERVICE_PORT_KAFKA: '9092',
    POLYMQ_PORT: 'tcp://10.0.0.1:9092',
    POLYMQ_PORT_9092_TCP: 'tcp://10.0.0.1:9092',
    POLYMQ_PORT_9092_TCP_PROTO: 'tcp',
    POLYMQ_PORT_9092_TCP_PORT: '9092',
    POLYMQ_PORT_9092_TCP_ADDR: '10.0.0.1',
    POLYMQ_KAFKA_SERVICE_HOST: '10.0.0.2',
    POLYMQ_SET_SERVICE_HOST: '10.0.0.3',
    POLYMQ_SET_PORT: 'tcp://10.0.0.3:9092',
    POLYMQ_KAFKA_PORT: 'tcp://10.0.0.2:9092',
  }
  assert.deepEqual(optionsOf({ env }), optionsOf({}))
})

const refused: readonly [Asked, TextKey][] = [
  [{ flags: ['--data', 'd', '--memory'] }, 'dataAndMemory'],
  [{ file: 'data=d\nmemory=true' }, 'dataAndMemory'],
  [{ env: { POLYMQ_MEMORY: 'yes' } }, 'badBoolean'],
  [{ flags: ['--data', 'd'], env: { POLYMQ_MEMORY: 'perhaps' } }, 'badBoolean'],
  [{ flags: ['--listen', 'kafka=h:1'], env: { POLYMQ_LISTEN: 'kafka' } }, 'badAddress'],
  [
    { flags: ['--advertise', 'kafka=h:1'], file: 'advertise=kafka=0.0.0.0:1' },
    'unreachableAdvertised',
  ],
  [{ env: { POLYMQ_DATA: '' } }, 'emptyValue'],
  [{ env: { POLYMQ_PORT: '1' } }, 'unknownVariable'],
  [{ env: { POLYMQ_SET_: '3' } }, 'unknownVariable'],
  [{ env: { POLYMQ_SERVICE: '10.0.0.1' } }, 'unknownVariable'],
  [{ flags: ['--listen', 'kafka'] }, 'badAddress'],
  [{ flags: ['--listen', 'kafka=9092'] }, 'badAddress'],
  [{ flags: ['--listen', 'kafka=::1:9092'] }, 'badAddress'],
  [{ flags: ['--listen', 'pigeon=h:1'] }, 'badListener'],
  [{ flags: ['--listen', '__proto__=h:1'] }, 'badListener'],
  [{ flags: ['--listen', 'kafka=h:65536'] }, 'badPort'],
  [{ flags: ['--listen', 'kafka=h:-1'] }, 'badPort'],
  [{ flags: ['--listen', 'kafka=h:1', '--listen', 'kafka=h:2'] }, 'repeatedListener'],
  [{ flags: ['--advertise', 'metrics=h:1'] }, 'badListener'],
  [{ flags: ['--advertise', 'kafka=h:0'] }, 'unreachableAdvertised'],
  [{ flags: ['--advertise', 'kafka=0.0.0.0:9092'] }, 'unreachableAdvertised'],
  [{ flags: ['--set', 'num.partitions'] }, 'badSetting'],
  [{ flags: ['--set', 'num.partitions=many'] }, 'settingRefused'],
  [{ flags: ['--set', 'no.such.key=1'] }, 'settingRefused'],
  [{ flags: ['--set', 'num.partitions=1', '--set', 'num.partitions=2'] }, 'repeatedSetting'],
  [{ flags: ['--set', 'listeners=PLAINTEXT://:1'] }, 'settingHasOption'],
  [{ file: 'nonsense' }, 'configLine'],
  [{ file: '=1' }, 'configLine'],
  [{ file: 'data=a\ndata=b' }, 'configRepeated'],
]

test('what is refused, each with its own words', () => {
  for (const [asked, key] of refused)
    assert.throws(
      () => optionsOf(asked),
      (error) => error instanceof UsageError && error.key === key,
      JSON.stringify(asked),
    )
})
