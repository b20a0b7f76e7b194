// A password as RabbitMQ keeps it, so that its exported users log in here: base64 of a salt of four
// bytes and the digest of salt and password. PLAIN is checked against it; a SCRAM credential cannot
// be made from it. New passwords are kept as SHA-256 with a salt of their own.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Chance } from '../../io/chance.ts'

const digests = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512',
  rabbit_password_hashing_md5: 'md5',
} as const

export type HashingAlgorithm = keyof typeof digests

export interface PasswordHash {
  readonly algorithm: HashingAlgorithm
  /** Base64 of salt and digest; '': no password fits. */
  readonly text: string
}

export const hashingDefault: HashingAlgorithm = 'rabbit_password_hashing_sha256'
/** Of what RabbitMQ before 3.6 has exported. */
export const hashingOld: HashingAlgorithm = 'rabbit_password_hashing_md5'
export const noPassword: PasswordHash = { algorithm: hashingDefault, text: '' }

const saltBytes = 4

export const isHashingAlgorithm = (name: string): name is HashingAlgorithm =>
  Object.hasOwn(digests, name)

const digestOf = (algorithm: HashingAlgorithm, salt: Uint8Array, password: string): Buffer =>
  createHash(digests[algorithm]).update(salt).update(password, 'utf8').digest()

export function hashPassword(
  password: string,
  chance: Chance,
  algorithm: HashingAlgorithm = hashingDefault,
): PasswordHash {
  const salt = chance.bytes(saltBytes)
  const bytes = Buffer.concat([salt, digestOf(algorithm, salt, password)])
  return { algorithm, text: bytes.toString('base64') }
}

/**
 * Whether it is written as one is, or the one of no password. As in RabbitMQ it may be of another
 * length than its algorithm says: old exports name none, and no password fits what is taken so.
 */
export function isPasswordHash({ text }: PasswordHash): boolean {
  if (text === '') return true
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text && bytes.length > saltBytes
}

/** Takes as long whether the password is right or not. */
export function passwordFits({ algorithm, text }: PasswordHash, password: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  const salt = bytes.subarray(0, saltBytes)
  const given = digestOf(algorithm, salt, password)
  const kept = bytes.subarray(saltBytes)
  return kept.length === given.length && timingSafeEqual(kept, given)
}
