// Runs load.ts as a process of its own beside the broker.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { run } from '../../scripts/peers/child.ts'
import type { RunningPeer } from '../../scripts/peers/peer.ts'
import type {
  Count,
  CountResult,
  Drain,
  Fill,
  Flow,
  FlowResult,
  Idle,
  Latency,
  LatencyResult,
  RateResult,
  Task,
} from './load.ts'

export const queue = 'load'

const program = fileURLToPath(new URL('./load.js', import.meta.url))
const argumentOf = (broker: RunningPeer, task: Task): string =>
  JSON.stringify({ port: broker.port, pid: broker.pid, queue, task })

/** Throws if the broker refuses a single message or closes a connection. */
export async function load(broker: RunningPeer, task: Flow): Promise<FlowResult>
export async function load(broker: RunningPeer, task: Latency): Promise<LatencyResult>
export async function load(broker: RunningPeer, task: Fill | Drain): Promise<RateResult>
export async function load(broker: RunningPeer, task: Count): Promise<CountResult>
export async function load(broker: RunningPeer, task: Exclude<Task, Idle>): Promise<object> {
  const output = await run(process.execPath, [program, argumentOf(broker, task)])
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as object
}

/** Holds connections or queues while `use` runs. */
export async function holding<T>(
  broker: RunningPeer,
  task: Idle,
  use: () => Promise<T>,
): Promise<T> {
  const child = spawn(process.execPath, [program, argumentOf(broker, task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const over = once(child, 'exit')
  const ready = once(createInterface({ input: child.stdout }), 'line')
  const early = over.then(([code]) => {
    throw new Error(`the load ended with ${code} before it was ready`)
  })
  try {
    await Promise.race([ready, early])
    return await use()
  } finally {
    child.stdin.end()
    await over
  }
}
