// What a name of a user, a vhost or a tag may be: well-formed text of at most 255 bytes, as a short
// string of AMQP holds it. Called before anything is kept under the name.
import { type Refusal, refuse } from '../../model/errors.ts'

const bytesMax = 255

export function nameFault(what: string, name: string): ({ ok: false } & Refusal) | null {
  if (name === '') return refuse('invalidRequest', `the name of a ${what} is empty`)
  if (name.length > bytesMax || Buffer.byteLength(name) > bytesMax)
    return refuse('invalidRequest', `the name of a ${what} has at most ${bytesMax} bytes`)
  if (/[\0\p{Surrogate}]/u.test(name))
    return refuse('invalidRequest', `the name of a ${what} is not text`)
  return null
}
