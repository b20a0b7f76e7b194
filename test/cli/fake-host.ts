// A process for tests of the command line: what it printed, and files that exist only here.
import type { Host } from '../../src/cli/host.ts'

export interface FakeHost extends Host {
  printed(): { out: string; err: string }
}

export function fakeHost(
  args: readonly string[],
  env: Record<string, string> = {},
  files: Record<string, string> = {},
): FakeHost {
  let out = ''
  let err = ''
  return {
    args,
    env,
    pid: 4711,
    now: () => 0,
    sinceExec: () => 1,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    readFile: (path) => {
      const text = files[path]
      if (text !== undefined) return Promise.resolve(text)
      return Promise.reject(Object.assign(new Error(`no ${path}`), { code: 'ENOENT' }))
    },
    onStopSignal: () => undefined,
    exit: (code) => {
      throw new Error(`exit ${code}`)
    },
    printed: () => ({ out, err }),
  }
}
