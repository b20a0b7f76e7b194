// Asks a fresh Apache Kafka 4.2.0 and a fresh PolyMQ the same questions and compares the answers.
//   npm run test:reference [-- --record | --live | --only PREFIX | --twice]
// Without options Kafka's answers come from the file that --record wrote; --live asks a real one.
// --twice asks two fresh Kafkas and compares them with each other: the suite must be deterministic.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../../../scripts/peers/child.ts'
import { fetchKafka, javaTool, kafka, kafkaVersion } from '../../../scripts/peers/kafka.ts'
import type { Peer } from '../../../scripts/peers/peer.ts'
import { polymq } from '../../../scripts/peers/polymq.ts'
import { root } from '../../../scripts/peers/root.ts'
import { type Answer, areasOf, compare, parseAnswers } from '../answers.ts'
import { differences } from './differences.ts'

const here = join(root, 'test', 'reference', 'kafka')
const recorded = join(here, `kafka-${kafkaVersion}.jsonl`)
const classes = join(root, 'build', 'test', 'reference', 'kafka', 'classes')

/** What both brokers are started with: what tests need, said in Kafka's words. */
const settings = { 'node.id': '1', 'group.initial.rebalance.delay.ms': '0' }

async function compile(): Promise<void> {
  const sources = (await readdir(join(here, 'java'))).filter((f) => f.endsWith('.java'))
  const jars = join(await fetchKafka(), '*')
  await mkdir(classes, { recursive: true })
  await run('javac', [
    ...['-encoding', 'UTF-8', '--release', '17', '-nowarn', '-cp', jars, '-d', classes],
    ...sources.map((f) => join(here, 'java', f)),
  ])
}

/** The suite's lines from a fresh broker, which is gone afterwards. */
async function ask(peer: Peer, only: string): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), `polymq-reference-${peer.name}-`))
  try {
    const broker = await peer.start(dataDir, { settings })
    const lines: string[] = []
    try {
      await javaTool('reference.Suite', [broker.bootstrap, only], {
        classpath: [classes, here],
        onLine: (line) => lines.push(`${line}\n`),
      })
      return lines.join('')
    } finally {
      await broker.kill()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const startsWith = (answers: readonly Answer[], only: string): Answer[] =>
  answers.filter((a) => a.id.startsWith(only))

function readOptions() {
  try {
    return parseArgs({
      options: {
        record: { type: 'boolean', default: false },
        live: { type: 'boolean', default: false },
        twice: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
      },
    }).values
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    console.error(`${problem} The options are --record, --live, --twice and --only PREFIX.`)
    return null
  }
}

async function main(): Promise<number> {
  const values = readOptions()
  if (values === null) return 2
  await compile()
  if (values.record) {
    const lines = await ask(kafka, '')
    await writeFile(recorded, lines)
    console.log(`${parseAnswers(lines).length} answers recorded`)
    return 0
  }
  const fromKafka = values.live || values.twice
  const text = fromKafka ? await ask(kafka, values.only) : await readFile(recorded, 'utf8')
  const reference = startsWith(parseAnswers(text), values.only)
  const ours = parseAnswers(await ask(values.twice ? kafka : polymq, values.only))
  const verdict = compare(reference, ours, values.twice ? [] : differences)
  for (const failure of verdict.failures) console.log(failure)
  for (const [area, { equal, listed, open }] of areasOf(verdict))
    console.log(`${area}: ${equal} equal, ${listed} listed, ${open} open`)
  console.log(`${verdict.passed} passed, ${verdict.failures.length} failed`)
  return verdict.failures.length === 0 ? 0 : 1
}

process.exitCode = await main()
