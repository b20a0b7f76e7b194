// What somebody gets who installs the package: `npm run test:package` packs it, installs the
// tarball into an empty project, and there compiles against its types, starts two brokers in one
// process, and runs `npx polymq`. Ends with a line that counts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/peers/root.ts'
import { version } from '../../src/version.ts'
import { type Finished, mustRun, run } from '../clients/lib/child.ts'
import { Report } from '../clients/lib/report.ts'

const timeoutMs = 120_000
/** Unpacked, without what it depends on. */
const packageBytesMax = 6 << 20

const typed = `import { type BrokerOptions, type RunningBroker, startBroker } from 'polymq'
const kafka = { host: '127.0.0.1', port: 0 }
const config = { 'num.partitions': '4' }
const options: BrokerOptions = { dataDir: null, listen: { kafka }, config }
const broker: RunningBroker = await startBroker(options)
const address: string = broker.kafka
// @ts-expect-error a name that is not in the types
await broker.stop()
console.log(address)
`
/** Nothing may keep the process alive when both brokers are closed. */
const twoBrokers = `import { startBroker } from 'polymq'
const listen = { kafka: { host: '127.0.0.1', port: 0 }, metrics: { host: '127.0.0.1', port: 0 } }
const brokers = [
  await startBroker({ dataDir: null, listen }),
  await startBroker({ dataDir: 'data', listen }),
]
const addresses = brokers.flatMap(({ addresses: { kafka, metrics } }) => [kafka.port, metrics.port])
for (const broker of brokers) await broker.close()
console.log(new Set(addresses).size)
`

const project = mkdtempSync(join(tmpdir(), 'polymq-package-'))
const here = { cwd: project, timeoutMs }
const report = new Report()
const check = report.suite('package')
try {
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}\n')
  await check('packs and installs', packAndInstall, timeoutMs)
  await check('its types compile', async () => {
    writeFileSync(join(project, 'typed.ts'), typed)
    const tsc = join(root, 'node_modules/.bin/tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022']
    await mustRun(tsc, [...options, 'typed.ts'], here)
  })
  await check('two brokers in one process, which ends when they are closed', async () => {
    writeFileSync(join(project, 'two.js'), twoBrokers)
    const { stdout } = await mustRun(process.execPath, ['two.js'], here)
    if (stdout !== '4\n') throw new Error(`printed ${stdout}`)
  })
  await check('npx polymq runs it', async () => {
    const { stdout } = await mustRun('npx', ['polymq', '--version'], here)
    if (stdout !== `${version}\n`) throw new Error(`printed ${stdout}`)
    const refused = await run('npx', ['polymq', 'start', '--port', '1'], here)
    if (refused.code !== 2) throw new Error(`exit code ${refused.code}`)
  })
} finally {
  rmSync(project, { recursive: true })
}
process.exit(report.close() ? 0 : 1)

interface Packed {
  readonly filename: string
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

async function packAndInstall(): Promise<void> {
  const options = ['--json', '--ignore-scripts', '--pack-destination', project]
  const { stdout } = await mustRun('npm', ['pack', ...options], { cwd: root, timeoutMs })
  const [packed] = JSON.parse(stdout) as Packed[]
  if (packed === undefined) throw new Error('npm pack names no tarball')
  const { filename, unpackedSize, files } = packed
  if (unpackedSize > packageBytesMax) throw new Error(`it has ${unpackedSize} bytes`)
  const strays = files.filter(({ path }) => !/^(build|[A-Za-z.-]+$)/.test(path))
  if (strays.length > 0) throw new Error(`it holds ${strays.map(({ path }) => path).join(', ')}`)
  const installed: Finished = await mustRun(
    'npm',
    ['install', '--no-audit', '--no-fund', join(project, filename)],
    here,
  )
  console.log(`# ${files.length} files, ${unpackedSize} bytes; ${installed.stdout.trim()}`)
}
