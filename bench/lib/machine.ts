// The machine that figures come from, as far as it explains them. No host names, no paths.
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { run } from '../../scripts/peers/child.ts'
import { kafkaVersion } from '../../scripts/peers/kafka.ts'
import { rabbitmqVersion } from '../../scripts/peers/rabbitmq.ts'
import type { Door } from './measure.ts'

const javaVersion = async (): Promise<string> => {
  const printed = await run('java', ['--version'])
  return printed.split('\n')[0] ?? ''
}

const peersOf = async (door: Door): Promise<string[]> =>
  door === 'amqp' ? [`RabbitMQ ${rabbitmqVersion}`] : [await javaVersion(), `Kafka ${kafkaVersion}`]

/** One line. The load average tells whether others were using the machine at the start. */
export async function describeMachine(door: Door): Promise<string> {
  return [
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
    `${Math.round(totalmem() / 1e9)} GB`,
    `${type()} ${release()}`,
    `Node ${process.version}`,
    ...(await peersOf(door)),
    `load average ${(loadavg()[0] ?? 0).toFixed(2)}`,
  ].join(', ')
}
