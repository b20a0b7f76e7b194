// A child process of a rig: its output is kept to a bound, its end is a promise, and it never
// outlives the process that started it. Everything that starts a broker or a client tool goes
// through here.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How much of each output stream is kept, in characters; the oldest goes first. */
const outputMax = 1 << 20

const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Child {
  readonly pid: number
  readonly exited: Promise<Exit>
  /** False as soon as the process has ended. */
  running(): boolean
  stdout(): string
  stderr(): string
  /** Sends the signal and waits for the end; after `graceMs` it kills and throws. */
  end(signal: NodeJS.Signals, graceMs?: number): Promise<Exit>
}

export interface ChildOptions {
  readonly cwd?: string
  /** All of its environment; that of this process if absent. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Called with each whole line of standard output as it comes. */
  readonly onLine?: (line: string) => void
}

const keepTail = (stream: NodeJS.ReadableStream): (() => string) => {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-outputMax)
  })
  return () => text
}

const endOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      alive.delete(child)
      resolve({ code, signal })
    })
  })

/** Starts a process. Throws if the command cannot be started at all. */
export async function launch(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Child> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  alive.add(child)
  const exited = endOf(child)
  const stdout = keepTail(child.stdout)
  const stderr = keepTail(child.stderr)
  const { onLine } = options
  if (onLine) createInterface({ input: child.stdout }).on('line', onLine)
  if (child.pid === undefined) {
    alive.delete(child)
    await exited
    throw new Error(`cannot start ${command}`)
  }
  return {
    pid: child.pid,
    exited,
    running: () => child.exitCode === null && child.signalCode === null,
    stdout,
    stderr,
    end: (signal, graceMs = 60_000) => end(child, exited, signal, graceMs),
  }
}

async function end(
  child: ChildProcess,
  exited: Promise<Exit>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<Exit> {
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, graceMs)
  child.kill(signal)
  const exit = await exited
  clearTimeout(timer)
  if (late) throw new Error(`process ${child.pid} was still there ${graceMs} ms after ${signal}`)
  return exit
}

/** Runs a command to its end and returns its standard output. Throws unless it exits with 0. */
export async function run(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<string> {
  const child = await launch(command, args, options)
  const { code, signal } = await child.exited
  if (code === 0) return child.stdout()
  const said = `${child.stdout()}\n${child.stderr()}`.trim().slice(-2000)
  throw new Error(`${command} ended with ${signal ?? code}:\n${said}`)
}
