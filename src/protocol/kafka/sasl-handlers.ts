// SaslHandshake, versions 0 and 1, and SaslAuthenticate, versions 0 to 2. After a handshake of
// version 0 the tokens come as bare frames, which the connection brings to `answerRawToken`. An
// unknown mechanism is answered with those there are, and the connection closes, as in Kafka. Every
// failure is answered with the same words, but that of a user who is known and may not come in for
// now; and the connection closes after them. Sessions do not
// expire, so sessionLifetimeMs is 0; a second handshake on a connection is ILLEGAL_SASL_STATE.
import type { Authentication } from './authentication.ts'
import type { Call } from './call.ts'
import { errorCodes, shortened } from './errors.ts'
import { handler } from './handler.ts'
import { saslAuthenticate, saslHandshake } from './schema/sasl.ts'

const failedText = 'Authentication failed: the user name or the password is wrong'

export const saslHandshakeHandler = handler(saslHandshake, ({ mechanism }, call) => {
  const { authentication } = call
  const mechanisms = authentication.mechanisms
  if (!authentication.takesHandshake) {
    call.refused('illegalSaslState', '')
    return call.reply({ errorCode: errorCodes.illegalSaslState, mechanisms: [] })
  }
  if (authentication.begin(mechanism, call.version > 0))
    return call.reply({ errorCode: 0, mechanisms })
  call.refused('unsupportedSaslMechanism', `'${mechanism}', where ${mechanisms} are offered`)
  call.reply({ errorCode: errorCodes.unsupportedSaslMechanism, mechanisms })
  call.closeAfterAnswer()
})

const noToken = new Uint8Array(0)

export const saslAuthenticateHandler = handler(saslAuthenticate, ({ authBytes }, call) => {
  const { authentication } = call
  if (!authentication.takesTokens) {
    const errorMessage = 'SaslAuthenticate is answered only after SaslHandshake'
    call.refused('illegalSaslState', '', errorMessage)
    return call.reply({
      errorCode: errorCodes.illegalSaslState,
      errorMessage,
      authBytes: noToken,
    })
  }
  void authentication.step(Uint8Array.from(authBytes)).then((step) => {
    if (step.state !== 'failed')
      return call.reply({ errorCode: 0, errorMessage: null, authBytes: step.token })
    call.refused('authenticationFailed', '', loginFailed(call.authentication))
    call.reply({
      errorCode: errorCodes.authenticationFailed,
      errorMessage: shortened(call.authentication.refusal ?? failedText),
      authBytes: noToken,
    })
    call.closeAfterAnswer()
  })
})

/** One token of an exchange whose frames have no headers; it fails by closing the connection. */
export function answerRawToken(token: Uint8Array, call: Call<Uint8Array>): void {
  void call.authentication.step(Uint8Array.from(token)).then((step) => {
    if (step.state === 'failed') call.abort(loginFailed(call.authentication))
    else call.reply(step.token)
  })
}

/** For the log: a name that nobody has may be a password, so that it is not said. */
const loginFailed = ({ mechanism, failureWords, refusal }: Authentication): string =>
  `login by ${mechanism} failed: ${refusal ?? failureWords}`
