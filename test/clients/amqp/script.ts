// Runs a program that has cases of its own and tells them line by line; see node/cases.mjs for what
// it prints and asks.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ended, environment, kill, own, Tail } from '../lib/child.ts'
import type { Program } from '../lib/driver.ts'
import type { Check } from '../lib/report.ts'
import type { AmqpBroker } from './broker.ts'

type Line = { readonly case: string; readonly error: string | null } | { readonly restart: true }

const silenceMsMax = 120_000

const lineOf = (text: string): Line | null => {
  const isLine = text.startsWith('{"case":') || text.startsWith('{"restart":')
  return isLine ? (JSON.parse(text) as Line) : null
}

/** The program gets the broker's address as BOOTSTRAP; each of its cases is one here. */
export const runScript = async (
  program: Program,
  broker: AmqpBroker,
  check: Check,
): Promise<void> => {
  const child = spawn(program.command, program.args, {
    detached: true,
    env: environment({ ...program.env, BOOTSTRAP: broker.url }),
  })
  own(child)
  const output = new Tail()
  child.stderr.on('data', (chunk: Buffer) => output.add(chunk))
  child.stdin.on('error', (error) => output.add(`${error.message}\n`))
  child.once('error', (error) => output.add(`${error.message}\n`))
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => kill(child, 'SIGKILL'), silenceMsMax)
  }
  wait()
  let cases = 0
  for await (const text of createInterface({ input: child.stdout })) {
    wait()
    const line = lineOf(text)
    if (line === null) output.add(`${text}\n`)
    else if ('restart' in line) {
      await check('the broker restarts', () => broker.restart(), 120_000)
      child.stdin.write('restarted\n')
    } else {
      cases++
      await check(line.case, async () => {
        if (line.error !== null) throw new Error(`${line.error}\n${output.last(1_500)}`)
      })
    }
  }
  clearTimeout(timer)
  const code = await ended(child, 15_000)
  await check('ends cleanly', async () => {
    if (code !== 0 || cases === 0)
      throw new Error(`code ${code} after ${cases} cases\n${output.last(1_500)}`)
  })
}
