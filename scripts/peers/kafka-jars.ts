// The jars of Apache Kafka and of its tools, from Maven, in `.tools/kafka-VERSION/`. Fetched once:
// the folder appears under its final name only when it is complete. Needs `mvn` and `java` in PATH.
import { existsSync, rmSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Child, launch, run } from './child.ts'
import { root, toolsDir } from './root.ts'

export const kafkaVersion = '4.2.0'
/** Where the logging of the Java side is set up. */
const settingsDir = join(root, 'scripts', 'peers')
const jarsDir = join(toolsDir, `kafka-${kafkaVersion}`)

/** Fetches the jars unless they are there, and returns their folder. */
export async function fetchKafka(): Promise<string> {
  if (existsSync(jarsDir)) return jarsDir
  await mkdir(toolsDir, { recursive: true })
  const partial = `${jarsDir}.${process.pid}`
  await run('mvn', [
    '-q',
    '-B',
    ...['-f', join(root, 'scripts', 'peers', 'pom.xml')],
    `-Dkafka.version=${kafkaVersion}`,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${partial}`,
  ])
  await rename(partial, jarsDir).catch((error: unknown) => {
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(jarsDir)) throw error
  })
  return jarsDir
}

export interface JavaOptions {
  /** Heap in MB; 512 is what Kafka's own scripts give to a perf tool. */
  readonly heapMb?: number
  readonly jvmArgs?: readonly string[]
  /** Folders or jars in front of Kafka's. */
  readonly classpath?: readonly string[]
  readonly cwd?: string
  readonly onLine?: (line: string) => void
}

const javaArgs = async (
  className: string,
  args: readonly string[],
  options: JavaOptions,
): Promise<string[]> => {
  const jars = join(await fetchKafka(), '*')
  const classpath = [...(options.classpath ?? []), settingsDir, jars].join(delimiter)
  const heap = `-Xmx${options.heapMb ?? 512}m`
  return [heap, ...(options.jvmArgs ?? []), '-cp', classpath, className, ...args]
}

/** Starts a class of the Kafka class path and leaves it running. */
export async function launchJava(
  className: string,
  args: readonly string[],
  options: JavaOptions = {},
): Promise<Child> {
  return launch('java', await javaArgs(className, args, options), options)
}

/** Runs a tool class of the Kafka class path to its end and returns its standard output. */
export async function javaTool(
  className: string,
  args: readonly string[],
  options: JavaOptions = {},
): Promise<string> {
  return run('java', await javaArgs(className, args, options), options)
}
