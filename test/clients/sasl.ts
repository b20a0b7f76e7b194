// Authentication as kcat does it, on a broker of its own that has users: every mechanism, a wrong
// password, and none at all. Other clients' ways in are in test/start-broker.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPolymq } from '../../scripts/peers/polymq.ts'
import { type Finished, run } from './lib/child.ts'
import type { Check } from './lib/report.ts'
import { debian } from './lib/tools.ts'

const timeoutMs = 20_000
const password = 'open sesame'

export async function runSasl(check: Check): Promise<void> {
  if (!(await check('is installed', () => debian('kcat'), 1_200_000))) return
  const dataDir = mkdtempSync(join(tmpdir(), 'clients-sasl-'))
  const users = join(dataDir, 'users')
  writeFileSync(users, `alice=${password}\n`)
  const broker = await startPolymq(dataDir, { settings: { 'polymq.users.file': users } })
  const kcat = (login: readonly string[], args: readonly string[], input = ''): Promise<Finished> =>
    run('kcat', ['-b', broker.bootstrap, ...login, ...args], { timeoutMs, input })
  try {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      await check(`${mechanism}: publishes and reads back`, async () => {
        const login = loginOf(mechanism, password)
        must(await kcat(login, ['-P', '-t', mechanism], 'hello\n'), '')
        must(await kcat(login, ['-C', '-t', mechanism, '-o', 'beginning', '-e']), 'hello\n')
      })
      await check(`${mechanism}: a wrong password is told so`, async () => {
        const { code, stderr } = await kcat(loginOf(mechanism, 'guess'), ['-L', '-m', '3'])
        if (code === 0 || !stderr.includes('Authentication failed')) throw new Error(stderr)
      })
    }
    await check('without a login nothing is answered', async () => {
      const { code } = await kcat([], ['-L', '-m', '3'])
      if (code === 0) throw new Error('the broker answered')
    })
  } finally {
    await check('the broker stops cleanly', async () => {
      await broker.stop()
    })
    rmSync(dataDir, { recursive: true })
  }
}

const loginOf = (mechanism: string, secret: string): string[] =>
  [
    'security.protocol=sasl_plaintext',
    `sasl.mechanism=${mechanism}`,
    'sasl.username=alice',
    `sasl.password=${secret}`,
  ].flatMap((option) => ['-X', option])

function must({ code, stdout, stderr }: Finished, expected: string): void {
  if (code !== 0 || stdout !== expected) throw new Error(`code ${code}: ${stdout}${stderr}`)
}
