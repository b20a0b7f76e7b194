// Every client that is run, how it is installed and started, and what it can do.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import zlib from 'node:zlib'
import { root } from '../../scripts/peers/root.ts'
import { runTools } from './java/tools.ts'
import type { Broker } from './lib/broker.ts'
import type { Codec } from './lib/commands.ts'
import { Driver, type Program } from './lib/driver.ts'
import type { Check } from './lib/report.ts'
import { type Abilities, Scenario } from './lib/scenario.ts'
import { debian, go, npmTool, python, sources } from './lib/tools.ts'
import { runE2e } from './rdkafka-e2e.ts'
import { runSasl } from './sasl.ts'

export interface Suite {
  readonly name: string
  /** Runs without a compiler and with few downloads: part of what continuous integration runs. */
  readonly ci: boolean
  /** Partitions of a topic made by naming it; a suite that says so gets a broker of its own. */
  readonly partitions?: number
  run(broker: Broker, check: Check): Promise<void>
}

const hasZstd = 'zstdCompressSync' in zlib
const allCodecs: readonly Codec[] = ['gzip', 'snappy', 'lz4', 'zstd']
const everything: Abilities = {
  codecs: allCodecs,
  idempotent: true,
  setsTimestamps: true,
  readsCommitted: true,
  commitsWhileMember: true,
}

/** A client that speaks commands.ts; `install` answers how to start it. */
const client = (
  name: string,
  ci: boolean,
  can: Abilities,
  install: () => Promise<Program>,
): Suite => ({
  name,
  ci,
  run: async (broker, check) => {
    let program: Program | null = null
    const installed = await check(
      'is installed',
      async () => {
        program = await install()
      },
      1_200_000,
    )
    if (!installed || program === null) return
    const driver = new Driver(program, broker.bootstrap)
    try {
      await new Scenario(name, broker, driver, can).run(check)
    } finally {
      await driver.close()
    }
  },
})

const compiled = (name: string): string => join(root, 'build/test/clients', `${name}.js`)
const node = (file: string, env: Program['env'] = {}): Program => ({
  command: process.execPath,
  args: [compiled(file)],
  env,
})

const kafkajs = client('kafkajs', true, everything, async () => node('kafkajs'))

/** @platformatic/kafka takes zstd from Node, which has it since 22.15. */
const platformatic1 = client(
  'platformatic 1',
  true,
  { ...everything, codecs: allCodecs.filter((codec) => codec !== 'zstd' || hasZstd) },
  async () => node('platformatic'),
)

const platformatic2 = client('platformatic 2', true, everything, async () => {
  const dir = await npmTool('platformatic2', ['@platformatic/kafka@2.12.1', 'node@24.21.0'])
  const entry = join(dir, 'node_modules/@platformatic/kafka/dist/index.js')
  return {
    command: join(dir, 'node_modules/.bin/node'),
    args: [compiled('platformatic')],
    env: { PLATFORMATIC_KAFKA: pathToFileURL(entry).href },
  }
})

const kcat = client(
  'kcat',
  true,
  { ...everything, setsTimestamps: false, readsCommitted: false, commitsWhileMember: false },
  async () => {
    await debian('kcat')
    return node('kcat')
  },
)

/** Starts a broker of its own, with users. */
const sasl: Suite = { name: 'authentication', ci: true, run: (_broker, check) => runSasl(check) }

/** Compiles librdkafka, some minutes; libzstd-dev makes it know zstd. */
const nodeRdkafka = async (): Promise<string> => {
  await debian('libzstd-dev')
  return npmTool('rdkafka', ['node-rdkafka@3.6.1', 'mocha@11.8.0'])
}

const rdkafka = client('node-rdkafka', false, everything, async () =>
  node('rdkafka', { NODE_RDKAFKA: join(await nodeRdkafka(), 'node_modules/node-rdkafka') }),
)

const rdkafkaE2e: Suite = {
  name: 'e2e of node-rdkafka',
  ci: false,
  partitions: 1,
  run: async (broker, check) => runE2e(await nodeRdkafka(), broker, check),
}

const inPython = (name: string, file: string): Suite =>
  client(name, false, everything, async () => ({
    command: await python(),
    args: [join(sources, 'python', file)],
  }))

const confluentKafka = inPython('confluent-kafka', 'confluent.py')
const kafkaPython = inPython('kafka-python', 'kafka_python.py')
const aiokafka = inPython('aiokafka', 'aio.py')

const inGo = (name: string, program: string): Suite =>
  client(name, false, everything, async () => ({ command: join(await go(), program), args: [] }))

const franzGo = inGo('franz-go', 'franz')
const sarama = inGo('sarama', 'sarama')

const javaTools: Suite = { name: 'Java tools', ci: false, run: runTools }

export const suites: readonly Suite[] = [
  kafkajs,
  platformatic1,
  platformatic2,
  kcat,
  sasl,
  rdkafka,
  rdkafkaE2e,
  confluentKafka,
  kafkaPython,
  aiokafka,
  franzGo,
  sarama,
  javaTools,
]
