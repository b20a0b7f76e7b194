// The PLAIN mechanism (RFC 4616): one token, `[authzid] NUL user NUL password`. Acting for somebody
// else (an authzid that is not the user) is refused.
import type { CredentialSource } from './credentials.ts'
import type { SaslServer, SaslStep } from './sasl-server.ts'

export class PlainServer implements SaslServer {
  private readonly credentials: CredentialSource

  constructor(credentials: CredentialSource) {
    this.credentials = credentials
  }

  async step(token: Uint8Array): Promise<SaslStep> {
    const parts = Buffer.from(token).toString('utf8').split('\0')
    const [actingFor, user, password] = parts
    if (parts.length !== 3 || actingFor === undefined || !user || !password)
      return { state: 'failed' }
    const isRight = await this.credentials.hasPassword(user, password)
    if (!isRight || (actingFor !== '' && actingFor !== user)) return { state: 'failed' }
    return { state: 'done', token: new Uint8Array(0), user }
  }
}
