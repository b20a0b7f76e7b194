// The broker under attack: the built command line as a user starts it, on ports that it finds
// itself. Its memory is read from /proc, its log from its standard error.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, launch } from '../../../scripts/peers/child.ts'
import { root } from '../../../scripts/peers/root.ts'

export interface StartOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** Shell commands that run first, in the process that becomes the broker: `ulimit -n 256`. */
  readonly before?: string
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[]
  /** Where it listens, `name=host:port`; by default for Kafka and for metrics. */
  readonly listen?: readonly string[]
}

/** Of the listeners: `host:port`. */
type Ports = Readonly<Record<string, string>>

const readyMsMax = 30_000
const usual = ['kafka=127.0.0.1:0', 'metrics=127.0.0.1:0'] as const
const megabyte = 1e6

export class BrokerProcess {
  readonly pid: number
  /** Of the first listener that was asked for. */
  readonly port: number
  readonly #ports: Ports
  private readonly child: Child

  private constructor(child: Child, ports: Ports, first: string) {
    this.child = child
    this.pid = child.pid
    this.#ports = ports
    this.port = this.portOf(first)
  }

  portOf(listener: string): number {
    return Number(this.#ports[listener]?.split(':').at(-1))
  }

  static async start(dataDir: string, options: StartOptions = {}): Promise<BrokerProcess> {
    const { settings = {}, before = ':', nodeOptions = [], listen = usual } = options
    const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])
    const command = [
      ...[process.execPath, ...nodeOptions, join(root, 'build', 'polymq.js'), 'start', '--json'],
      ...['--data', dataDir, ...listen.flatMap((each) => ['--listen', each])],
      ...sets,
    ]
    let found: (ports: Ports | null) => void = () => undefined
    const ready = new Promise<Ports | null>((resolve) => {
      found = resolve
    })
    const onLine = (line: string): void => {
      const event = JSON.parse(line) as { event: string; listeners?: Ports }
      if (event.event === 'ready') found(event.listeners ?? null)
    }
    const child = await launch('sh', ['-c', `${before}; exec "$@"`, 'sh', ...command], { onLine })
    const late = setTimeout(() => found(null), readyMsMax)
    const ports = await Promise.race([ready, child.exited.then(() => null)])
    clearTimeout(late)
    if (ports === null) throw new Error(`the broker did not start:\n${child.stderr()}`)
    return new BrokerProcess(child, ports, listen[0]?.split('=')[0] ?? '')
  }

  get isRunning(): boolean {
    return this.child.running()
  }

  /** The lines of its log, of which the last megabyte is kept. */
  get log(): readonly string[] {
    return this.child.stderr().split('\n').slice(0, -1)
  }

  /** Memory now and at most since the last call, in MB of 10^6 bytes. */
  memory(): { readonly residentMb: number; readonly peakMb: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    const mb = (field: string): number =>
      (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / megabyte
    const seen = { residentMb: mb('VmRSS'), peakMb: mb('VmHWM') }
    // Five: the peak starts again from what is resident now.
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5')
    return seen
  }

  async stop(): Promise<void> {
    const { code, signal } = await this.child.end('SIGTERM')
    if (code !== 0) throw new Error(`the broker ended with ${signal ?? code}:\n${this.last()}`)
  }

  async kill(): Promise<void> {
    await this.child.end('SIGKILL')
  }

  last(): string {
    return this.log.slice(-20).join('\n')
  }
}
