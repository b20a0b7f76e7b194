import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { realChance } from '../../src/io/real/chance.ts'
import { eventLoopTurn, realClock } from '../../src/io/real/clock.ts'

test('the clocks run, timers fire unless cancelled', async () => {
  const before = realClock.monotonic()
  assert.ok(Math.abs(realClock.now() - Date.now()) < 1000)
  const fired: string[] = []
  realClock.after(0, () => fired.push('cancelled')).cancel()
  realClock.after(2 ** 40, () => fired.push('far')).cancel()
  realClock.after(-5, () => fired.push('past'))
  realClock.soon(() => fired.push('soon'))
  while (fired.length < 2) await eventLoopTurn()
  assert.deepEqual(fired.sort(), ['past', 'soon'])
  assert.ok(realClock.monotonic() >= before)
})

test('behind a pause of the process what came in is dealt with before late timers', async () => {
  const events: string[] = []
  const server = net.createServer((socket) => {
    socket.on('data', () => {
      events.push('read')
      realClock.soon(() => events.push('dealt with'))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await Promise.all([once(client, 'connect'), once(server, 'connection')])
  const fired = new Promise<void>((resolve) => {
    realClock.after(1, () => resolve(void events.push('late')))
  })
  realClock.after(1, () => events.push('cancelled')).cancel()
  const late = realClock.after(1, () => events.push('cancelled late'))
  realClock.soon(() => late.cancel())
  client.write('x')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
  await fired
  assert.deepEqual(events, ['read', 'dealt with', 'late'])
  client.destroy()
  server.close()
})

test('chance: range, shape', () => {
  assert.equal(realChance.int(1), 0)
  assert.ok(realChance.int(2 ** 31) < 2 ** 31)
  assert.match(realChance.uuid(), /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  assert.equal(realChance.bytes(5).length, 5)
})
