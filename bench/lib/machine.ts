// The machine that figures come from, as far as it explains them. No host names, no paths.
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { run } from '../../scripts/peers/child.ts'
import { kafkaVersion } from '../../scripts/peers/kafka.ts'

const javaVersion = async (): Promise<string> => {
  const printed = await run('java', ['--version'])
  return printed.split('\n')[0] ?? ''
}

/** One line. The load average tells whether others were using the machine at the start. */
export async function describeMachine(): Promise<string> {
  return [
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
    `${Math.round(totalmem() / 1e9)} GB`,
    `${type()} ${release()}`,
    `Node ${process.version}`,
    await javaVersion(),
    `Kafka ${kafkaVersion}`,
    `load average ${(loadavg()[0] ?? 0).toFixed(2)}`,
  ].join(', ')
}
