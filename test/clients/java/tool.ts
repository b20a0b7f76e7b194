// Runs the command-line tools of Apache Kafka: a JVM for each, small and quick to start.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fetchKafka } from '../../../scripts/peers/kafka-jars.ts'
import { ended, kill, mustRun, own, Tail } from '../lib/child.ts'

const timeoutMs = 90_000
const tools = 'org.apache.kafka.tools'

export const classes = {
  topics: `${tools}.TopicCommand`,
  configs: 'kafka.admin.ConfigCommand',
  consoleProducer: `${tools}.ConsoleProducer`,
  consoleConsumer: `${tools}.consumer.ConsoleConsumer`,
  groups: `${tools}.consumer.group.ConsumerGroupCommand`,
  verifiableProducer: `${tools}.VerifiableProducer`,
  verifiableConsumer: `${tools}.VerifiableConsumer`,
  producerPerf: `${tools}.ProducerPerformance`,
  getOffsets: `${tools}.GetOffsetShell`,
  deleteRecords: `${tools}.DeleteRecordsCommand`,
} as const

type Tool = keyof typeof classes

/** A Java tool gets `BOOTSTRAP` replaced by the broker's address, wherever it stands. */
export class Java {
  readonly #bootstrap: string

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  async #command(tool: Tool, args: readonly string[]): Promise<string[]> {
    const jars = join(await fetchKafka(), '*')
    const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
    const where = ['--bootstrap-server', this.#bootstrap]
    const given = tool === 'producerPerf' ? [] : where
    const all = [...given, ...args].map((arg) => arg.replace('BOOTSTRAP', this.#bootstrap))
    return [...flags, '-cp', jars, classes[tool], ...all]
  }

  /** Runs to the end and answers what it printed; anything but exit code 0 is an error. */
  async run(tool: Tool, args: readonly string[], input = ''): Promise<string> {
    const done = await mustRun('java', await this.#command(tool, args), { timeoutMs, input })
    return done.stdout
  }

  /** Leaves a verifiable consumer running. */
  async consumer(args: readonly string[]): Promise<VerifiableConsumer> {
    const command = await this.#command('verifiableConsumer', args)
    return new VerifiableConsumer(spawn('java', command, { detached: true }))
  }
}

interface Event {
  readonly name: string
  readonly count?: number
  readonly partitions?: readonly { partition: number }[]
}

/** What a running verifiable consumer has told, line by line, in JSON. */
export class VerifiableConsumer {
  consumed = 0
  assigned: readonly number[] = []
  readonly #child: ChildProcess
  readonly #output = new Tail()

  constructor(child: ReturnType<typeof spawn>) {
    this.#child = child
    own(child)
    child.stderr?.on('data', (chunk: Buffer) => this.#output.add(chunk))
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => this.#take(line))
  }

  /** Owned partitions and records so far, to be shown. */
  toString(): string {
    return `${JSON.stringify(this.assigned)} ${this.consumed} ${this.#output.last(300)}`
  }

  async leave(): Promise<void> {
    kill(this.#child, 'SIGTERM')
    await ended(this.#child, 20_000)
  }

  #take(line: string): void {
    if (!line.startsWith('{')) {
      this.#output.add(`${line}\n`)
      return
    }
    const event = JSON.parse(line) as Event
    const partitions = (event.partitions ?? []).map(({ partition }) => partition)
    if (event.name === 'records_consumed') this.consumed += event.count ?? 0
    if (event.name === 'partitions_assigned') this.assigned = partitions
    if (event.name === 'partitions_revoked')
      this.assigned = this.assigned.filter((partition) => !partitions.includes(partition))
  }
}
