// Runs other programs with a time limit. Every child gets a process group of its own, so that what
// it started dies with it; what it printed is kept, up to a bound, to be shown when it fails.
import { type ChildProcess, spawn } from 'node:child_process'

const outputMax = 4 << 20

/** The last characters of what a program printed. */
export class Tail {
  text = ''

  add(chunk: Buffer | string): void {
    this.text = (this.text + chunk.toString()).slice(-outputMax)
  }

  last(characters: number): string {
    return this.text.trim().slice(-characters)
  }
}

export interface RunOptions {
  readonly timeoutMs: number
  readonly input?: string | Buffer
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
}

export const environment = (more: RunOptions['env']): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
})

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL')
})

/** Remembers a child, so that it does not outlive this process. It must be `detached`. */
export const own = (child: ChildProcess): void => {
  running.add(child)
  child.once('exit', () => running.delete(child))
}

/** Signals a child and all that it started; a child that is gone already is left alone. */
export const kill = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause
  }
}

/** Resolves when the child has ended; after `timeoutMs` it is killed first. */
export const ended = (child: ChildProcess, timeoutMs: number): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode)
    const timer = setTimeout(() => kill(child, 'SIGKILL'), timeoutMs)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code)
    })
  })

/** Runs a program to its end. Never rejects because of what the program did: that is the result. */
export const run = (
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Finished> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      detached: true,
      cwd: options.cwd,
      env: environment(options.env),
    })
    own(child)
    const stdout = new Tail()
    const stderr = new Tail()
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      kill(child, 'SIGKILL')
    }, options.timeoutMs)
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer)
      resolve({ code, signal, timedOut, stdout: stdout.text, stderr: stderr.text })
    }
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk))
    child.stdin.on('error', (error) => stderr.add(`standard input: ${error.message}\n`))
    child.once('error', (error) => {
      stderr.add(error.message)
      finish(null, null)
    })
    child.once('close', finish)
    child.stdin.end(options.input)
  })

/** As `run`, but anything else than exit code 0 in time is an error that carries the output. */
export const mustRun = async (
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Finished> => {
  const done = await run(command, args, options)
  if (done.code === 0) return done
  const why = done.timedOut ? `no end after ${options.timeoutMs} ms` : `exit code ${done.code}`
  const output = `${done.stdout}\n${done.stderr}`.trim().slice(-3000)
  throw new Error(`${command} ${args.join(' ').slice(0, 300)}: ${why}\n${output}`)
}
