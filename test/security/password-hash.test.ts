// Passwords as RabbitMQ keeps them: hashes of its own making are understood, and ours are made so.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import {
  type HashingAlgorithm,
  hashPassword,
  isHashingAlgorithm,
  isPasswordHash,
  noPassword,
  passwordFits,
} from '../../src/security/access/password-hash.ts'

for (const [algorithm, name] of [
  ['rabbit_password_hashing_sha256', 'sha256'],
  ['rabbit_password_hashing_sha512', 'sha512'],
  ['rabbit_password_hashing_md5', 'md5'],
] as readonly (readonly [HashingAlgorithm, string])[])
  test(`${algorithm}: salt and password, hashed once`, () => {
    const salt = Buffer.from([0x90, 0x8d, 0xc6, 0x0a])
    const digest = createHash(name).update(salt).update('pässword').digest()
    const hash = { algorithm, text: Buffer.concat([salt, digest]).toString('base64') }
    assert.ok(isPasswordHash(hash))
    assert.ok(passwordFits(hash, 'pässword'))
    for (const wrong of ['', 'password', 'pässword ']) assert.ok(!passwordFits(hash, wrong))
    const ours = hashPassword('pässword', new SimChance(1), algorithm)
    assert.ok(isPasswordHash(ours) && passwordFits(ours, 'pässword'))
    assert.notEqual(ours.text, hash.text)
  })

test('what is no hash is told, and fits no password', () => {
  const algorithm = 'rabbit_password_hashing_sha256'
  const { text } = hashPassword('x', new SimChance(1))
  for (const wrong of ['AAAAAA==', `${text.slice(0, -1)}*`, 'x']) {
    assert.ok(!isPasswordHash({ algorithm, text: wrong }))
    assert.ok(!passwordFits({ algorithm, text: wrong }, 'y'))
  }
  for (const long of [text.slice(4), `${text}AAAA`]) {
    assert.ok(isPasswordHash({ algorithm, text: long }))
    assert.ok(!passwordFits({ algorithm, text: long }, 'x'))
  }
  assert.ok(isPasswordHash(noPassword))
  assert.ok(!passwordFits(noPassword, ''))
  for (const name of ['rabbit_password_hashing_bcrypt', 'toString', ''])
    assert.ok(!isHashingAlgorithm(name))
})
