// When is a broker ready? When it answers the first thing that every client sends: an ApiVersions
// request of Kafka, a protocol header of AMQP. An open port is not enough, since a kernel accepts
// before the broker reads.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'

/** ApiVersions version 0: length, api key 18, version 0, correlation id 1, client id null. */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
const pauseMs = 5
const answerMsMax = 1_000

const protocolHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

const answers = (port: number, request: Buffer): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const settle = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(answerMsMax, () => settle(false))
    socket.once('data', () => settle(true))
    socket.once('error', () => settle(false))
    socket.once('close', () => resolve(false))
  })

/** True if the port answers an ApiVersions request within a second. */
export const answersApiVersions = (port: number): Promise<boolean> => answers(port, apiVersions)

/** True if the port answers a protocol header of AMQP 0-9-1 within a second. */
export const answersAmqp = (port: number): Promise<boolean> => answers(port, protocolHeader)

/**
 * Waits until the broker answers, and returns the milliseconds since `startedAt` (of
 * `performance.now()`). Throws with what the process said if it ends first or takes too long.
 */
export async function waitReady(
  child: Child,
  port: number,
  startedAt: number,
  timeoutMs: number,
  isReady: (port: number) => Promise<boolean> = answersApiVersions,
): Promise<number> {
  while (!(await isReady(port))) {
    const late = performance.now() - startedAt > timeoutMs
    if (late) await child.end('SIGKILL')
    if (late || !child.running()) {
      const said = `${child.stdout()}\n${child.stderr()}`.trim().slice(-2000)
      throw new Error(`the broker ${late ? 'is not ready in time' : 'ended'}:\n${said}`)
    }
    await sleep(pauseMs)
  }
  return performance.now() - startedAt
}
