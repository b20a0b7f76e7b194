// A broker of a case's own: with other settings, listeners or descriptors than the one that the rig
// serves everybody with.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../../scripts/peers/root.ts'
import type { StartOptions } from '../broker-process.ts'
import { withBrokerOf } from '../world.ts'
import type { AmqpWorld } from './amqp-case.ts'
import { AmqpClient } from './amqp-client.ts'

/** As `withBrokerOf`, listening for AMQP. */
export const withBroker = (
  world: AmqpWorld,
  name: string,
  options: StartOptions,
  use: (inside: AmqpWorld) => Promise<string>,
): Promise<string> => {
  const listen = ['amqp=127.0.0.1:0', 'metrics=127.0.0.1:0']
  return withBrokerOf(AmqpClient.connect, world, name, { listen, ...options }, use)
}

const certificates = join(root, 'test/io/certificates')
export const certificate = (name: string): Buffer => readFileSync(join(certificates, name))

/** For a broker with TLS that asks clients for a certificate. */
export const tlsSettings = {
  'polymq.tls.certificate.file': join(certificates, 'server.pem'),
  'polymq.tls.key.file': join(certificates, 'server.key'),
  'polymq.tls.ca.file': join(certificates, 'ca.pem'),
  'polymq.tls.client.certificate': 'required',
}

/** The management interface, as guest unless said otherwise. */
export async function manage(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  login = 'guest:guest',
): Promise<number> {
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(`http://127.0.0.1:${port}/api/${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...content,
  })
  await answer.arrayBuffer()
  return answer.status
}
