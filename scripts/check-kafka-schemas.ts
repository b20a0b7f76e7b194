// Holds every Kafka schema of ours against the definitions in Kafka's jars, which Maven fetches
// into `.tools/` (not committed). Prints each difference and ends with 1 if there is one. Run by
// `npm run check:schemas`; needs mvn and unzip.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apis } from '../src/protocol/kafka/schema/api-table.ts'
import type { Message } from '../src/wire/message.ts'
import { compare, type Definition, parseDefinition } from './kafka-definitions.ts'
import { otherMessages } from './kafka-messages.ts'
import { fetchKafka, kafkaVersion } from './peers/kafka-jars.ts'
import { toolsDir } from './peers/root.ts'

const folder = join(toolsDir, `kafka-${kafkaVersion}-messages`)

/** Deliberate differences, each with its reason. Whole lines as they would be printed. */
const allowed: ReadonlyMap<string, string> = new Map()

/** Takes the definitions out of the jars that hold them. */
async function fetchDefinitions(): Promise<void> {
  const jars = await fetchKafka()
  for (const artifact of ['kafka-clients', 'kafka-group-coordinator']) {
    const jar = join(jars, `${artifact}-${kafkaVersion}.jar`)
    execFileSync('unzip', ['-qo', jar, 'common/message/*.json', '-d', folder])
  }
}

const definitionOf = (message: Message): Definition =>
  parseDefinition(readFileSync(join(folder, 'common/message', `${message.name}.json`), 'utf8'))

await fetchDefinitions()
let rows = 0
let messages = 0
const differences: string[] = []

function check(message: Message, definition: Definition, isUnstable?: boolean): void {
  const result = compare(message, definition, isUnstable)
  messages++
  rows += result.rows
  differences.push(...result.differences.filter((line) => !allowed.has(line)))
}

for (const api of apis) {
  const request = definitionOf(api.request)
  const response = definitionOf(api.response)
  if (request.apiKey !== api.key || response.apiKey !== api.key)
    differences.push(`${api.name}: ours key ${api.key}; Kafka's ${request.apiKey}`)
  check(api.request, request)
  // Only the request says that the newest version is unstable; it holds for both.
  check(api.response, response, request.latestVersionUnstable)
}
for (const message of otherMessages) check(message, definitionOf(message))

for (const line of differences) console.error(line)
console.log(
  `Compared ${messages} messages, ${rows} rows, with Kafka ${kafkaVersion}: ` +
    `${differences.length} differences, ${allowed.size} allowed.`,
)
process.exitCode = differences.length === 0 ? 0 : 1
