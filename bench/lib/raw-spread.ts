// Runs raw-load.ts as a process of its own beside the broker.
import { fileURLToPath } from 'node:url'
import { run } from '../../scripts/peers/child.ts'
import type { RunningPeer } from '../../scripts/peers/peer.ts'
import type { RawLoad, RawResult } from './raw-load.ts'

/** Throws if a single record is refused. `onMeasuring` is called when warm-up is over. */
export async function rawSpread(
  broker: RunningPeer,
  load: Omit<RawLoad, 'host' | 'port'>,
  onMeasuring: () => void = () => undefined,
): Promise<RawResult> {
  const program = fileURLToPath(new URL('./raw-load.js', import.meta.url))
  const whole: RawLoad = { ...load, host: '127.0.0.1', port: broker.port }
  const onLine = (line: string): void => {
    if (line === 'measuring') onMeasuring()
  }
  const output = await run(process.execPath, [program, JSON.stringify(whole)], { onLine })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as RawResult
}
