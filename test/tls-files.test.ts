// The files of TLS that cannot be used: each refusal names the setting, the file and the remedy.
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { BadSettingError } from '../src/start-broker.ts'
import { tlsNetwork } from '../src/tls-files.ts'

const certificates = join(import.meta.dirname, '../../test/io/certificates')
const good = (name: string): string => readFileSync(join(certificates, name), 'utf8')
const server = good('server.pem')
const key = createPrivateKey(good('server.key'))
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const small = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
const secret = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }
const oldSecret = { ...secret, type: 'sec1' } as const

interface Contents {
  readonly certificate?: string | Uint8Array
  readonly key?: string | Uint8Array
  readonly ca?: string | Uint8Array
}

/** With files of these contents, or the good ones. */
async function open(contents: Contents): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polymq-tls-'))
  try {
    const file = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    await tlsNetwork({
      certificateFile: file('certificate', contents.certificate ?? server),
      keyFile: file('key', contents.key ?? good('server.key')),
      caFile: file('ca', contents.ca ?? good('ca.pem')),
      clientCertificate: 'required',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const cases: readonly [what: string, contents: Contents, words: RegExp][] = [
  [
    'the key of another certificate',
    { key: other.export(pkcs8) },
    /^polymq\.tls\.key\.file: \S+\/key is not the key .* in \S+\/certificate \(\S+\): name the/,
  ],
  [
    'a key of another kind',
    { key: small.export(pkcs8) },
    /^polymq\.tls\.key\.file: \S+ is not the key of the certificate/,
  ],
  [
    'a chain that begins with who signed',
    { certificate: good('ca.pem') + server },
    /^polymq\.tls\.certificate\.file: \S+ begins with a certificate .*: put that one first/,
  ],
  [
    'a certificate where the key should be',
    { key: server },
    /^polymq\.tls\.key\.file: .* but a certificate, which .* polymq\.tls\.certificate\.file names/,
  ],
  [
    'a key where the certificate should be',
    { certificate: good('server.key') },
    /^polymq\.tls\.certificate\.file: .* a private key, which is what polymq\.tls\.key\.file names/,
  ],
  [
    'a key where the CA should be',
    { ca: good('server.key') },
    /^polymq\.tls\.ca\.file: .* but a private key: name the certificates of those who sign/,
  ],
  [
    'a key with a passphrase',
    { key: key.export(secret) },
    /^polymq\.tls\.key\.file: .* is encrypted.*: openssl pkey -in \S+\/key -out NEW/,
  ],
  [
    'the same in the older form',
    { key: key.export(oldSecret) },
    /^polymq\.tls\.key\.file: .* is encrypted/,
  ],
  [
    'a damaged key',
    { key: good('server.key').replace('MI', 'AA') },
    /^polymq\.tls\.key\.file: .* the private key in it is damaged \(.+\); copy it again/,
  ],
  [
    'a damaged certificate',
    { certificate: server.replace('MII', 'AAA') },
    /^polymq\.tls\.certificate\.file: .* the certificate in it is damaged \(.+\); copy it again/,
  ],
  [
    'a damaged one among those who sign',
    { ca: good('ca.pem') + good('ca.pem').replace('MII', 'AAA') },
    /^polymq\.tls\.ca\.file: .* certificate 2 in it is damaged/,
  ],
  [
    'a certificate that was cut',
    { certificate: server.slice(0, 200) },
    /^polymq\.tls\.certificate\.file: .* ends within a certificate: copy the whole file/,
  ],
  [
    'a list of those who sign that was cut',
    { ca: good('ca.pem') + server.slice(0, 200) },
    /^polymq\.tls\.ca\.file: .* ends within a certificate/,
  ],
  [
    'DER',
    { certificate: new X509Certificate(server).raw },
    /^polymq\.tls\.certificate\.file: .* openssl x509 -inform der -in \S+\/certificate -out NEW/,
  ],
  [
    'a key in DER',
    { key: key.export({ type: 'pkcs8', format: 'der' }) },
    /^polymq\.tls\.key\.file: .* openssl pkey -inform der -in \S+\/key -out NEW/,
  ],
  [
    'nothing',
    { certificate: '' },
    /^polymq\.tls\.certificate\.file: .* holds no certificate in PEM/,
  ],
  ['no key', { key: 'x' }, /^polymq\.tls\.key\.file: .* holds no private key in PEM, which begins/],
]

for (const [what, contents, words] of cases)
  test(`refused: ${what}`, () =>
    assert.rejects(open(contents), (error) => {
      assert.ok(error instanceof BadSettingError)
      assert.match(error.message, words)
      return true
    }))

test('taken: a chain, and text around it', async () => {
  await open({})
  await open({ certificate: `subject: x\n${server}${good('ca.pem')}` })
  await open({ ca: good('ca.pem').repeat(3) })
})
