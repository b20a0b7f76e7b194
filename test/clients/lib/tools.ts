// Installs what the client suites need into `.tools/`, once. Each folder there carries a stamp with
// what was asked for: the same stamp means nothing to do, another one means to install again.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, toolsDir } from '../../../scripts/peers/root.ts'
import { mustRun, run } from './child.ts'

/** The suites' own sources, for the files that are not compiled. */
export const sources = join(root, 'test/clients')

const installTimeoutMs = 900_000

/** Runs `install` in `.tools/<name>` unless its stamp is there; answers the folder. */
export const tool = async (
  name: string,
  stamp: string,
  install: (dir: string) => Promise<void>,
): Promise<string> => {
  const dir = join(toolsDir, name)
  const stampFile = join(dir, 'stamp')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return dir
  console.log(`# installs ${name}`)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  await install(dir)
  writeFileSync(stampFile, stamp)
  return dir
}

/** npm packages (name@version) in a folder of their own. */
export const npmTool = (name: string, packages: readonly string[]): Promise<string> =>
  tool(name, packages.join(' '), async (dir) => {
    writeFileSync(join(dir, 'package.json'), '{"private":true}\n')
    await mustRun('npm', ['install', '--no-audit', '--no-fund', ...packages], {
      cwd: dir,
      timeoutMs: installTimeoutMs,
    })
  })

/**
 * A GitHub repository at a tag, in `repo/` of a folder that also has the npm packages which its
 * test suite needs: Node finds them there, and what the suite does not need is not installed.
 */
export const sourceTool = (
  name: string,
  repository: string,
  tag: string,
  packages: readonly string[],
): Promise<string> =>
  tool(name, [repository, tag, ...packages].join(' '), async (dir) => {
    writeFileSync(join(dir, 'package.json'), '{"private":true}\n')
    const timeoutMs = installTimeoutMs
    const from = `https://github.com/${repository}`
    const options = [
      '--quiet',
      '--depth',
      '1',
      '--branch',
      tag,
      '--config',
      'advice.detachedHead=0',
    ]
    await mustRun('git', ['clone', ...options, from, join(dir, 'repo')], { timeoutMs })
    await mustRun('npm', ['install', '--no-audit', '--no-fund', ...packages], {
      ...{ cwd: dir, timeoutMs },
    })
  })

/** A Python virtual environment with what a requirements file pins; answers its interpreter. */
const pythonOf = async (name: string, file: string): Promise<string> => {
  const requirements = join(sources, file)
  const dir = await tool(name, readFileSync(requirements, 'utf8'), async (target) => {
    const timeoutMs = installTimeoutMs
    await mustRun('python3', ['-m', 'venv', target], { timeoutMs })
    await mustRun(join(target, 'bin/pip'), ['install', '-q', '-r', requirements], { timeoutMs })
  })
  return join(dir, 'bin/python')
}

export const python = (): Promise<string> => pythonOf('python', 'python/requirements.txt')
export const pythonAmqp = (): Promise<string> =>
  pythonOf('python-amqp', 'amqp/python/requirements.txt')

/** Builds the Go clients; go itself knows when there is nothing to do. Answers the folder. */
const goOf = async (name: string, source: string): Promise<string> => {
  const dir = join(toolsDir, name)
  mkdirSync(dir, { recursive: true })
  await mustRun('go', ['build', '-o', `${dir}/`, './...'], {
    cwd: join(sources, source),
    timeoutMs: installTimeoutMs,
  })
  return dir
}

export const go = (): Promise<string> => goOf('go', 'go')
export const goAmqp = (): Promise<string> => goOf('go-amqp', 'amqp/go')

/** The jars of the AMQP clients in Java, from Maven; answers their folder. */
export const jarsAmqp = (): Promise<string> => {
  const pom = join(sources, 'amqp/java/pom.xml')
  return tool('java-amqp', readFileSync(pom, 'utf8'), async (dir) => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${dir}`]
    await mustRun('mvn', ['-q', '-B', '-f', pom, ...goal], { timeoutMs: installTimeoutMs })
  })
}

/** A Debian package, unless it is there. */
export const debian = async (name: string): Promise<void> => {
  const found = await run('dpkg', ['-s', name], { timeoutMs: 10_000 })
  if (found.code === 0) return
  console.log(`# installs ${name}`)
  const options = { timeoutMs: installTimeoutMs, env: { DEBIAN_FRONTEND: 'noninteractive' } }
  await mustRun('apt-get', ['update', '-qq'], options)
  await mustRun('apt-get', ['install', '-y', '-qq', name], options)
}
