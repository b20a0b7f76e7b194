#!/usr/bin/env node
// The command `polymq`: gives the command line its process. A bug, wherever it shows, ends it.
import { open } from 'node:fs/promises'
import { exitCodes, type Host } from './cli/host.ts'
import { run } from './cli/run.ts'

const host: Host = {
  args: process.argv.slice(2),
  env: process.env,
  pid: process.pid,
  now: () => Date.now(),
  sinceExec: () => performance.now(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readFile,
  onStopSignal: (action) => {
    process.on('SIGTERM', action)
    process.on('SIGINT', action)
    // Whoever closes the terminal ends the node in order, too.
    process.on('SIGHUP', action)
    if (process.env['npm_lifecycle_event'] !== undefined) whenOrphaned(action)
  },
  exit: (code) => process.exit(code),
}

/** Also of a pipe, which has no size. */
async function readFile(path: string, bytesMax: number): Promise<string | null> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(bytesMax + 1)
    let end = 0
    for (let n = -1; n !== 0 && end < bytes.length; end += n)
      n = (await file.read(bytes, end, bytes.length - end, null)).bytesRead
    return end > bytesMax ? null : bytes.toString('utf8', 0, end)
  } finally {
    await file.close()
  }
}

/**
 * A signal to `npm start` ends npm and the shell that it starts us with, and never gets here: that
 * our parent is another one now is all that we see of it.
 */
function whenOrphaned(action: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    action()
  }, 250)
  timer.unref()
}

function crash(error: unknown): never {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  host.err(`polymq: a bug; please report it with these lines\n${text}\n`)
  host.exit(exitCodes.failed)
}

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
// Whoever reads our output may leave before we do (`polymq help | head -1`).
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

host.exit(await run(host))
