// Every AMQP client that is run, how it is installed and started, and what it can do.
import { join } from 'node:path'
import { freePort } from '../../../scripts/peers/ports.ts'
import { Driver, type Program } from '../lib/driver.ts'
import type { Check } from '../lib/report.ts'
import { goAmqp, jarsAmqp, npmTool, pythonAmqp, sources } from '../lib/tools.ts'
import { runAcross } from './across.ts'
import { runAmqpTools } from './amqp-tools.ts'
import type { AmqpBroker } from './broker.ts'
import type { AmqpCommands } from './commands.ts'
import { runGoSuite } from './go-suite.ts'
import { runKeda } from './keda.ts'
import { runAmqpClientSuite, runAmqplibSuite } from './own-suites.ts'
import { runRabbitHoleSuite } from './rabbit-hole.ts'
import { runRabbitmqadmin } from './rabbitmqadmin.ts'
import { type AmqpAbilities, AmqpScenario } from './scenario.ts'
import { runScript } from './script.ts'

export interface AmqpSuite {
  readonly name: string
  /** Runs without a compiler and with few downloads: part of what continuous integration runs. */
  readonly ci: boolean
  run(broker: AmqpBroker, check: Check): Promise<void>
}

const installMs = 1_200_000
const everything: AmqpAbilities = { recovers: false, returns: true }

/** A client that speaks commands.ts; `install` answers how to start it. */
const client = (
  name: string,
  ci: boolean,
  can: AmqpAbilities,
  install: () => Promise<Program>,
): AmqpSuite => ({
  name,
  ci,
  run: async (broker, check) => {
    let program: Program | null = null
    const installed = await check(
      'is installed',
      async () => {
        program = await install()
      },
      installMs,
    )
    if (!installed || program === null) return
    const driver = new Driver<AmqpCommands>(program, broker.url)
    try {
      await new AmqpScenario(name, broker, driver, can).run(check)
    } finally {
      await driver.close()
    }
  },
})

/** A program with cases of its own (script.ts). */
const script = (
  name: string,
  ci: boolean,
  install: (broker: AmqpBroker) => Promise<Program>,
): AmqpSuite => ({
  name,
  ci,
  run: async (broker, check) => {
    let program: Program | null = null
    const body = async (): Promise<void> => {
      program = await install(broker)
    }
    const installed = await check('is installed', body, installMs)
    if (installed && program !== null) await runScript(program, broker, check)
  },
})

/** A program of `node/` beside the packages that it loads. */
const node = async (file: string, packages: readonly string[]): Promise<Program> => {
  const dir = await npmTool(`amqp-${file}`, packages)
  return {
    command: process.execPath,
    args: [join(sources, 'amqp/node', `${file}.mjs`)],
    env: { MODULES: dir },
  }
}

const amqplib = client('amqplib', true, everything, () => node('amqplib', ['amqplib@2.0.1']))

const amqpClient = client('amqp-client', true, everything, () =>
  node('amqp-client', ['@cloudamqp/amqp-client@4.1.1']),
)

const amqplibSuite: AmqpSuite = { name: "amqplib's own suite", ci: false, run: runAmqplibSuite }

const amqpClientSuite: AmqpSuite = {
  name: "amqp-client's own suite",
  ci: false,
  run: runAmqpClientSuite,
}

const recovering: AmqpAbilities = { recovers: true, returns: true }

const rabbitmqClient = client('rabbitmq-client', true, recovering, () =>
  node('rabbitmq-client', ['rabbitmq-client@5.0.8']),
)

const connectionManager = client('amqp-connection-manager', true, recovering, () =>
  node('connection-manager', ['amqp-connection-manager@5.0.0', 'amqplib@2.0.1']),
)

const rascal = script('rascal', true, () => node('rascal', ['rascal@21.0.1', 'amqplib@2.0.1']))

const nest = script('NestJS', true, () =>
  node('nest', [
    ...['@nestjs/common@11.1.6', '@nestjs/core@11.1.6', '@nestjs/microservices@11.1.6'],
    ...['reflect-metadata@0.2.2', 'rxjs@7.8.2'],
    ...['amqplib@0.10.9', 'amqp-connection-manager@4.1.15'],
  ]),
)

const across: AmqpSuite = { name: 'across', ci: true, run: runAcross }

const amqpTools: AmqpSuite = { name: 'amqp-tools', ci: true, run: runAmqpTools }

const rabbitmqadmin: AmqpSuite = { name: 'rabbitmqadmin', ci: true, run: runRabbitmqadmin }

const inPython = (name: string, file: string, can: AmqpAbilities): AmqpSuite =>
  client(name, false, can, async () => ({
    command: await pythonAmqp(),
    args: [join(sources, 'amqp/python', file)],
  }))

const pika = inPython('pika', 'pika_client.py', everything)
const aioPika = inPython('aio-pika', 'aio.py', recovering)

const celery = script('celery', false, async () => ({
  command: await pythonAmqp(),
  args: [join(sources, 'amqp/python/celery_case.py')],
}))

/** It looks into the queues by the management API. */
const flower = script('Flower', false, async ({ managementPort }) => ({
  command: await pythonAmqp(),
  args: [join(sources, 'amqp/python/flower_case.py')],
  env: {
    MANAGEMENT: `http://guest:guest@127.0.0.1:${managementPort}/api/`,
    FLOWER_PORT: String(await freePort()),
  },
}))

const keda: AmqpSuite = { name: "KEDA's requests", ci: true, run: runKeda }

const rabbitHole: AmqpSuite = {
  name: "rabbit-hole's own suite",
  ci: false,
  run: runRabbitHoleSuite,
}

const amqp091Go = client('amqp091-go', false, everything, async () => ({
  command: join(await goAmqp(), 'amqp'),
  args: [],
}))

const amqp091GoSuite: AmqpSuite = {
  name: "amqp091-go's own suite",
  ci: false,
  run: runGoSuite,
}

/** A program of `java/`, compiled as it starts. */
const inJava = async (file: string): Promise<Program> => ({
  command: 'java',
  args: [
    ...['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
    ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(await jarsAmqp(), '*')],
    join(sources, 'amqp/java', file),
  ],
})

const javaClient = client('Java client', false, recovering, () => inJava('JavaClient.java'))
const spring = script('Spring AMQP', false, () => inJava('Spring.java'))

export const amqpSuites: readonly AmqpSuite[] = [
  amqplib,
  amqplibSuite,
  across,
  amqpClient,
  amqpClientSuite,
  rabbitmqClient,
  connectionManager,
  rascal,
  nest,
  amqpTools,
  rabbitmqadmin,
  keda,
  rabbitHole,
  pika,
  aioPika,
  celery,
  flower,
  amqp091Go,
  amqp091GoSuite,
  javaClient,
  spring,
]
