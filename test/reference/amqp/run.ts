// Asks a fresh RabbitMQ 3.10.8 and a fresh PolyMQ the same questions and compares the answers.
//   npm run test:reference:amqp [-- --record | --live | --twice | --only PREFIX | --port N]
// Without options RabbitMQ's answers come from the file that --record wrote; --live asks a real
// one. --twice asks two fresh RabbitMQs and compares them with each other: the suite must be
// deterministic. --port asks what listens there, in place of a PolyMQ of our own; nothing is
// restarted then.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AmqpPeer } from '../../../scripts/peers/amqp-peer.ts'
import { polymqAmqp } from '../../../scripts/peers/polymq.ts'
import { rabbitmq, rabbitmqVersion } from '../../../scripts/peers/rabbitmq.ts'
import { root } from '../../../scripts/peers/root.ts'
import { type Answer, areasOf, compare, parseAnswers } from '../answers.ts'
import { definitions } from './definitions.ts'
import { differences } from './differences.ts'
import { askAcross, askAll } from './suite.ts'

const recorded = join(root, 'test', 'reference', 'amqp', `rabbitmq-${rabbitmqVersion}.jsonl`)

/** The suite's lines from a fresh broker, which is gone afterwards. */
async function ask(peer: AmqpPeer, only: string): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), `polymq-reference-${peer.name}-`))
  try {
    let broker = await peer.start(dataDir, { definitions })
    const again = async (): Promise<number> => {
      await broker.stop()
      broker = await peer.start(dataDir, { definitions, port: broker.port })
      return broker.port
    }
    try {
      const { port } = broker
      return lines([...(await askAll(port, only)), ...(await askAcross(port, only, again))])
    } finally {
      await broker.kill()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const lines = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('')

const startsWith = (answers: readonly Answer[], only: string): Answer[] =>
  answers.filter((a) => a.id.startsWith(only))

/** Cases that did not come to their end: a mistake of the suite when it asks RabbitMQ. */
const broken = (answers: readonly Answer[]): Answer[] =>
  answers.filter(({ id, answer }) => id.endsWith('.broken') || hasSilence(answer))

const hasSilence = (answer: unknown): boolean => JSON.stringify(answer)?.includes('"silence"')

async function record(): Promise<number> {
  const text = await ask(rabbitmq, '')
  await writeFile(recorded, text)
  const answers = parseAnswers(text)
  for (const answer of broken(answers)) console.log(JSON.stringify(answer))
  console.log(`${answers.length} answers recorded`)
  return broken(answers).length === 0 ? 0 : 1
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      record: { type: 'boolean', default: false },
      live: { type: 'boolean', default: false },
      twice: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      port: { type: 'string' },
    },
  })
  const { only, port } = values
  if (values.record) return record()
  const isLive = values.live || values.twice
  const text = isLive ? await ask(rabbitmq, only) : await readFile(recorded, 'utf8')
  const reference = startsWith(parseAnswers(text), only).filter(
    ({ id }) => port === undefined || !id.startsWith('restart.'),
  )
  const second =
    port === undefined
      ? await ask(values.twice ? rabbitmq : polymqAmqp, only)
      : lines(await askAll(Number(port), only))
  const ours = startsWith(parseAnswers(second), only)
  const verdict = compare(reference, ours, values.twice ? [] : differences, 'RabbitMQ')
  for (const failure of verdict.failures) console.log(failure)
  for (const [area, { equal, listed, open }] of areasOf(verdict))
    console.log(`${area}: ${equal} equal, ${listed} listed, ${open} open`)
  console.log(`${verdict.passed} passed, ${verdict.failures.length} failed`)
  return verdict.failures.length === 0 ? 0 : 1
}

process.exitCode = await main()
