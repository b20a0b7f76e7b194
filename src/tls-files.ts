// The files of TLS that settings name: certificate, key, and who signs for clients. They are read
// and looked at one by one before anything is opened, so that a message names the setting and the
// file that are wrong, and what to do. Called by preflight.ts.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { basename, dirname, resolve } from 'node:path'
import { BadSettingError } from './bad-setting.ts'
import { DiskError } from './io/disk.ts'
import type { Network } from './io/network.ts'
import { realDisk } from './io/real/disk.ts'
import { realNetwork, TlsFilesError } from './io/real/network.ts'
import { readSmallFile } from './io/small-file.ts'
import type { TlsSettings } from './model/config/broker-settings.ts'

const settings = {
  certificate: 'polymq.tls.certificate.file',
  key: 'polymq.tls.key.file',
  ca: 'polymq.tls.ca.file',
} as const

interface TlsFile {
  readonly setting: (typeof settings)[keyof typeof settings]
  readonly path: string
  readonly bytes: Uint8Array
  readonly text: string
}

/** Rejects with BadSettingError when there is no certificate that can be used. */
export async function tlsNetwork(tls: TlsSettings): Promise<Network> {
  const { certificateFile, keyFile, caFile, clientCertificate } = tls
  const needed = { [settings.certificate]: certificateFile, [settings.key]: keyFile }
  for (const [setting, path] of Object.entries(needed))
    if (path === '') throw new BadSettingError(`the listener amqps needs ${setting}`)
  const [certificate, key, ca] = await Promise.all([
    read(settings.certificate, certificateFile),
    read(settings.key, keyFile),
    caFile === '' ? null : read(settings.ca, caFile),
  ])
  checkPair(certificate, certificatesIn(certificate), key, privateKeyIn(key))
  if (ca !== null) certificatesIn(ca)
  try {
    return realNetwork({
      tls: {
        certificate: certificate.bytes,
        key: key.bytes,
        ca: ca?.bytes ?? null,
        clientCertificate,
      },
    })
  } catch (cause) {
    if (!(cause instanceof TlsFilesError)) throw cause
    const all = [certificate, key, ...(ca === null ? [] : [ca])]
    const named = all.map(({ setting, path }) => `${setting}=${path}`).join(', ')
    throw new BadSettingError(
      `${named}: OpenSSL does not take them together (${cause.message}); make them anew, of ` +
        'P-256 or of RSA with 2,048 bits, signed with SHA-256',
      { cause },
    )
  }
}

const fault = ({ setting, path }: TlsFile, words: string, cause?: unknown): BadSettingError =>
  new BadSettingError(`${setting}: ${path} ${words}`, { cause })

const pemBytesMax = 1 << 20

async function read(setting: TlsFile['setting'], path: string): Promise<TlsFile> {
  const disk = realDisk(dirname(resolve(path)))
  try {
    const bytes = await readSmallFile(disk, basename(path), pemBytesMax)
    if (bytes !== null) {
      const text = Buffer.from(bytes).toString('latin1')
      return { setting, path, bytes, text }
    }
    throw new BadSettingError(`${setting}: ${path} has more than ${pemBytesMax} bytes`)
  } catch (cause) {
    if (!(cause instanceof DiskError)) throw cause
    const problem = cause.code === 'ENOENT' ? `there is no file ${path}` : `cannot ${cause.message}`
    throw new BadSettingError(`${setting}: ${problem}`, { cause })
  }
}

// ---- What is in them ---------------------------------------------------------------------------

const keyHead = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/
const certificateHead = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/
const certificateBlocks = new RegExp(`${certificateHead.source}[^-]*-----END [^-]*-----`, 'g')
const everyHead = new RegExp(certificateHead.source, 'g')
/** How DER begins: a sequence whose length takes more than a byte. */
const isDer = ({ bytes }: TlsFile): boolean => bytes[0] === 0x30 && (bytes[1] ?? 0) > 0x80

/** At least one. */
function certificatesIn(file: TlsFile): X509Certificate[] {
  const blocks = file.text.match(certificateBlocks) ?? []
  const heads = file.text.match(everyHead)?.length ?? 0
  if (heads > blocks.length)
    throw fault(file, `ends within a certificate: copy the whole file, up to its last line END`)
  if (blocks.length === 0) throw fault(file, noCertificate(file))
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      const which = blocks.length === 1 ? 'the certificate' : `certificate ${i + 1}`
      const words = `cannot be used: ${which} in it is damaged (${wordsOf(cause)}); copy it again`
      throw fault(file, words, cause)
    }
  })
}

function noCertificate(file: TlsFile): string {
  const lacks = 'holds no certificate in PEM'
  if (keyHead.test(file.text)) {
    if (file.setting === settings.ca)
      return `${lacks} but a private key: name the certificates of those who sign for clients`
    return `${lacks} but a private key, which is what ${settings.key} names`
  }
  if (isDer(file))
    return `${lacks} but DER: openssl x509 -inform der -in ${file.path} -out NEW makes PEM of it`
  return `${lacks}, which begins with -----BEGIN CERTIFICATE-----`
}

function privateKeyIn(file: TlsFile): KeyObject {
  const { text, path } = file
  if (!keyHead.test(text)) throw fault(file, noKey(file))
  try {
    return createPrivateKey(Buffer.from(file.bytes))
  } catch (cause) {
    // In PKCS#8 it says so in its first line, in the older form in a header.
    const isEncrypted = /BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type:.*ENCRYPTED/m.test(text)
    const words = isEncrypted
      ? `is encrypted, and there is nobody to ask for its passphrase: openssl pkey -in ${path} ` +
        '-out NEW writes it without one'
      : `cannot be used: the private key in it is damaged (${wordsOf(cause)}); copy it again`
    throw fault(file, words, cause)
  }
}

function noKey(file: TlsFile): string {
  const lacks = 'holds no private key in PEM'
  if (certificateHead.test(file.text))
    return `${lacks} but a certificate, which is what ${settings.certificate} names`
  if (isDer(file))
    return `${lacks} but DER: openssl pkey -inform der -in ${file.path} -out NEW makes PEM of it`
  return `${lacks}, which begins with -----BEGIN PRIVATE KEY-----`
}

/** What is shown to clients is the first certificate of the file. */
function checkPair(
  file: TlsFile,
  [shown, ...others]: readonly X509Certificate[],
  keyFile: TlsFile,
  key: KeyObject,
): void {
  if (shown?.checkPrivateKey(key)) return
  if (others.some((other) => other.checkPrivateKey(key)))
    throw fault(
      file,
      `begins with a certificate that is not that of the key in ${keyFile.path} ` +
        `(${settings.key}), which stands behind it: put that one first, then who signed it`,
    )
  throw fault(
    keyFile,
    `is not the key of the certificate in ${file.path} (${settings.certificate}): name the key ` +
      'that this certificate was made for, or the certificate of this key',
  )
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
