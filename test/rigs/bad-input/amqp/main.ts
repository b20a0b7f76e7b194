// Bad input on the AMQP port: `npm run rig:bad:amqp -- [--short] [--seed N] [--fuzzed N]
// [--rows 16,17]`.
import { Rig } from '../rig.ts'
import { outcomeOf } from './amqp-case.ts'
import { AmqpClient, type AmqpOptions } from './amqp-client.ts'
import { amqpHealthy, lostMessage } from './amqp-healthy.ts'
import { amqpCases } from './amqp-table.ts'
import { fuzzSockets } from './frame-fuzz.ts'

/** What a node takes once and keeps: slabs of the journal, compiled code, the heap's room. */
async function warmUp(rig: Rig<AmqpClient, AmqpOptions>): Promise<void> {
  await fuzzSockets(rig.broker.port, 300, rig.random)
  const greedy = amqpCases.filter(({ row, isLong }) => row === 0 && isLong !== true)
  for (const each of rig.isShort ? greedy.slice(0, 1) : greedy) await rig.playSilently(each, true)
}

await Rig.play<AmqpClient, AmqpOptions>({
  listen: ['amqp=127.0.0.1:0', 'metrics=127.0.0.1:0'],
  cases: amqpCases,
  words: { fuzzed: 'frames', acked: 'confirmed messages' },
  warmMbMax: 700,
  settleMs: { short: 0, full: 0 },
  connect: AmqpClient.connect,
  outcomeOf,
  fuzz: fuzzSockets,
  warmUp,
  healthy: amqpHealthy,
  lost: async (port, confirmed) => {
    const client = await (await AmqpClient.connect(port)).open()
    const lost = await lostMessage(client, confirmed)
    client.close()
    return lost
  },
})
